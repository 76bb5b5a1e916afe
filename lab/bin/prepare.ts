#!/usr/bin/env node
/** prepare: what the lab needs on this host: packages, QEMU, the machines' disk. Quick when all is there. */

import { findAccelerator } from "../accelerator";
import { labImage } from "../image";
import { sayOnStderr as say } from "../progress";
import { findQemu } from "../qemu";

async function main(): Promise<void> {
  const qemu = await findQemu(say);
  const image = await labImage(say);
  const accelerator = await findAccelerator(qemu, image, say);
  say(accelerator === "kvm" ? "the lab's machines run on KVM" : "KVM is of no use here: the lab's machines are emulated, which takes longer");
}

main().catch((error: Error) => {
  say(error.message);
  process.exitCode = 1;
});
