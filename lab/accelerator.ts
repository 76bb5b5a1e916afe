/**
 * KVM or emulation. /dev/kvm may be there and of no use (guests hang on it), so KVM counts as
 * usable only after a guest has really booted with it; the answer is kept until the host reboots.
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { labCacheDirectory } from "./cache";
import type { LabImage } from "./image";
import { runProcess } from "./process";
import { type Say } from "./progress";
import type { Qemu } from "./qemu";

export type Accelerator = "kvm" | "tcg";

const PROBE_SECONDS = 12;

function hostBoot(): string {
  try {
    return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}

async function guestBoots(qemu: Qemu, { boot }: LabImage): Promise<boolean> {
  if (boot === undefined) throw new Error("KVM is tried with a kernel of the lab's own");
  const result = await runProcess(
    [
      ...qemu.command, "-nodefaults", "-no-user-config", "-accel", "kvm", "-cpu", "host", "-smp", "2", "-m", "256",
      "-kernel", boot.kernel, "-initrd", boot.initrd, "-append", "console=ttyS0 quiet lab.probe",
      "-display", "none", "-serial", "stdio", "-no-reboot",
    ],
    { timeoutSeconds: PROBE_SECONDS },
  );
  return result.stdout.includes("LAB-PROBE-OK");
}

/** `PULUMI_VPN_GATEWAY_ACCELERATOR=tcg|kvm` decides; else a probe of at most 12 s, once a boot of the host. */
export async function findAccelerator(qemu: Qemu, image: LabImage, say: Say, env: NodeJS.ProcessEnv = process.env): Promise<Accelerator> {
  const wanted = env.PULUMI_VPN_GATEWAY_ACCELERATOR;
  if (wanted === "tcg" || wanted === "kvm") return wanted;
  try {
    fs.accessSync("/dev/kvm", fs.constants.R_OK | fs.constants.W_OK);
  } catch {
    return "tcg";
  }
  const file = path.join(labCacheDirectory(), "accelerator.json");
  const key = `${hostBoot()} ${qemu.version}`;
  try {
    const known = JSON.parse(fs.readFileSync(file, "utf8")) as { key: string; accelerator: Accelerator };
    if (known.key === key) return known.accelerator;
  } catch {
    // Not probed yet.
  }
  say(`trying whether KVM works here: at most ${PROBE_SECONDS} s, once`);
  const accelerator: Accelerator = (await guestBoots(qemu, image)) ? "kvm" : "tcg";
  say(accelerator === "kvm" ? "KVM works" : "KVM does not boot a guest here: machines are emulated (slower, same results)");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.tmp-${process.pid}`, JSON.stringify({ key, accelerator }));
  fs.renameSync(`${file}.tmp-${process.pid}`, file);
  return accelerator;
}
