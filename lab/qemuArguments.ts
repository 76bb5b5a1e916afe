/** QEMU's arguments for one machine: pure, so that a test can read them. */

import type { Accelerator } from "./accelerator";
import type { LabImage } from "./image";
import type { MachineSpec } from "./machineSpec";
import { macAddress } from "./networkConfig";
import { atLeast } from "./qemu";

export interface MachineFiles {
  overlay: string;
  seed: string;
  serialLog: string;
  pidFile: string;
  /** QEMU's own monitor: a socket. */
  monitor: string;
  /** The socket of the wire with this name. */
  linkSocket(name: string): string;
}

/** A comma in a value is written twice in QEMU's option lists. */
const value = (text: string): string => text.replaceAll(",", ",,");

/** How a client's end of a wire dials again when the other end was not there or went away. */
export function reconnectOption(qemuVersion: string): string {
  if (atLeast(qemuVersion, "9.2")) return ",reconnect-ms=500";
  if (atLeast(qemuVersion, "8.0")) return ",reconnect=1";
  return "";
}

const KERNEL_ARGUMENTS = [
  "root=/dev/vda", "rw", "console=ttyS0", "net.ifnames=0", "quiet", "ds=nocloud", "random.trust_cpu=on",
  // Under emulation these cost seconds and protect nobody.
  "mitigations=off", "tsc=reliable", "no_timer_check", "selinux=0", "apparmor=0", "audit=0", "rcupdate.rcu_expedited=1",
];

/** What makes one saved machine another: the rest is each machine's own. */
export interface MachineSize {
  vcpus: number;
  memoryMegabytes: number;
}

export function sizeOf(spec: Pick<MachineSpec, "vcpus" | "memoryMegabytes">): MachineSize {
  return { vcpus: spec.vcpus ?? 2, memoryMegabytes: spec.memoryMegabytes ?? 384 };
}

/** A device, as QMP's `device_add` takes it. */
export type Device = Record<string, string>;

/** Its cards, and the seed at the end. */
export function ownDevices(spec: MachineSpec): Device[] {
  const card = (netdev: string, mac: string): Device => ({ driver: "virtio-net-pci", id: `card-${netdev}`, netdev, mac });
  return [
    card("mgmt", macAddress(spec.name, "mgmt")),
    ...(spec.links ?? []).map((link, index) => card(`link${index}`, link.mac ?? macAddress(spec.name, link.name))),
    { driver: "virtio-blk-pci", id: "card-seed", drive: "seed" },
  ];
}

function asOption({ driver, ...properties }: Device): string {
  return [driver, ...Object.entries(properties).map(([name, text]) => `${name}=${value(text)}`)].join(",");
}

/** The board, which a saved machine and those that go on from it must have alike. */
function board(size: MachineSize, disk: string, image: LabImage, accelerator: Accelerator, kernelArguments: readonly string[]): string[] {
  return [
    "-nodefaults", "-no-user-config",
    ...(accelerator === "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max"]),
    "-machine", "pc",
    "-smp", String(size.vcpus),
    "-m", String(size.memoryMegabytes),
    ...(image.boot ? ["-kernel", image.boot.kernel, "-initrd", image.boot.initrd, "-append", kernelArguments.join(" ")] : []),
    "-drive", `file=${value(disk)},if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap`,
    "-device", "virtio-blk-pci,drive=disk",
    "-device", "virtio-rng-pci",
    // Tells the kernel that its memory is another machine's as well, so that it draws new random numbers.
    "-device", "vmgenid,guid=auto",
    "-display", "none",
  ];
}

/** Of a machine that is to be saved (lab/parked.ts). */
export function parkArguments(size: MachineSize, files: { disk: string; serialLog: string; monitor: string }, image: LabImage): string[] {
  return [
    ...board(size, files.disk, image, "tcg", [...KERNEL_ARGUMENTS, "lab.park"]),
    "-serial", `file:${files.serialLog}`,
    "-qmp", `unix:${files.monitor},server=on,wait=off`,
  ];
}

export function qemuArguments(
  spec: MachineSpec,
  files: MachineFiles,
  image: LabImage,
  options: { accelerator: Accelerator; sshPort: number; qemuVersion: string; /** A saved machine's state to go on from; it gets its own devices then. */ resume?: string },
): string[] {
  const wires = (spec.links ?? []).flatMap((link, index) => {
    const end = link.role === "server" ? "server=on" : `server=off${reconnectOption(options.qemuVersion)}`;
    return ["-netdev", `stream,id=link${index},${end},addr.type=unix,addr.path=${value(files.linkSocket(link.socket))}`];
  });
  return [
    "-name", spec.name,
    ...board(sizeOf(spec), files.overlay, image, options.accelerator, KERNEL_ARGUMENTS),
    "-drive", `file=${value(files.seed)},if=none,id=seed,format=raw,readonly=on`,
    "-netdev", `user,id=mgmt,hostfwd=tcp:127.0.0.1:${options.sshPort}-:22`,
    ...wires,
    ...(options.resume === undefined ? ownDevices(spec).flatMap((device) => ["-device", asOption(device)]) : ["-incoming", `file:${value(options.resume)}`]),
    "-serial", `file:${files.serialLog}`,
    "-qmp", `unix:${files.monitor},server=on,wait=off`,
    "-pidfile", files.pidFile,
  ];
}
