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
  /** QEMU's own monitor, for snapshots and faults. */
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

export function qemuArguments(
  spec: MachineSpec,
  files: MachineFiles,
  image: LabImage,
  options: { accelerator: Accelerator; sshPort: number; qemuVersion: string },
): string[] {
  const network = (spec.links ?? []).flatMap((link, index) => {
    const end = link.role === "server" ? "server=on" : `server=off${reconnectOption(options.qemuVersion)}`;
    return [
      "-netdev", `stream,id=link${index},${end},addr.type=unix,addr.path=${value(files.linkSocket(link.socket))}`,
      "-device", `virtio-net-pci,netdev=link${index},mac=${link.mac ?? macAddress(spec.name, link.name)}`,
    ];
  });
  return [
    "-name", spec.name,
    "-nodefaults", "-no-user-config",
    ...(options.accelerator === "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max"]),
    "-machine", "pc",
    "-smp", String(spec.vcpus ?? 2),
    "-m", String(spec.memoryMegabytes ?? 384),
    ...(image.boot ? ["-kernel", image.boot.kernel, "-initrd", image.boot.initrd, "-append", KERNEL_ARGUMENTS.join(" ")] : []),
    "-drive", `file=${value(files.overlay)},if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap`,
    "-device", "virtio-blk-pci,drive=disk",
    "-drive", `file=${value(files.seed)},if=none,id=seed,format=raw,readonly=on`,
    "-device", "virtio-blk-pci,drive=seed",
    "-device", "virtio-rng-pci",
    "-netdev", `user,id=mgmt,hostfwd=tcp:127.0.0.1:${options.sshPort}-:22`,
    "-device", `virtio-net-pci,netdev=mgmt,mac=${macAddress(spec.name, "mgmt")}`,
    ...network,
    "-display", "none",
    "-serial", `file:${files.serialLog}`,
    "-monitor", `unix:${files.monitor},server=on,wait=off`,
    "-pidfile", files.pidFile,
  ];
}
