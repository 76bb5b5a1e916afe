import * as os from "node:os";
import type { Ssh } from "../ssh";

/** What was measured on. */
export interface Host {
  accelerator: string;
  hostCpus: number;
  hostCpu: string;
  /** Of the last minute, other work of the host among it. */
  load: number;
  guestCpus: number;
  guestKernel: string;
}

/** Asks a lab's machine, and this one. */
export async function hostOf(machine: Ssh): Promise<Host> {
  const said = await machine.mustRun("systemd-detect-virt; nproc; uname -r");
  const [virtualization, guestCpus, guestKernel] = said.trim().split("\n");
  return {
    accelerator: virtualization === "kvm" ? "KVM" : "TCG (QEMU emulates every instruction)",
    hostCpus: os.cpus().length,
    hostCpu: os.cpus()[0]?.model ?? "unknown",
    load: Number(os.loadavg()[0].toFixed(1)),
    guestCpus: Number(guestCpus),
    guestKernel,
  };
}
