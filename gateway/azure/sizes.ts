import type { Architecture } from "../aws/instanceTypes";

/**
 * What a VM size of Azure's says by its name ("Azure virtual machine sizes naming conventions", learn.microsoft.com/
 * azure/virtual-machines/vm-naming-conventions): family, vCPUs, features (`p`: an Arm processor), version.
 */

/** Two vCPUs of a Xeon (AES-NI), 4 GiB, accelerated networking, no temporary disk, SCSI as all images can. */
export const defaultVmSize = "Standard_D2ls_v5";

/** General purpose, memory and compute optimised, burstable; what a router has no use of (GPU, storage) is left out. */
const families = ["B", "D", "E", "F"];
/** Of these versions on, sizes of two vCPUs have accelerated networking, and none has its end announced. */
const leastVersion: Readonly<Record<string, number>> = { B: 2, D: 4, E: 4, F: 6 };
const withoutAcceleration = ["A"];

/** What a size is good for. */
export type VmSizeFacts =
  | { kind: "known"; architecture: Architecture; acceleratedNetworking: boolean }
  | { kind: "refused"; why: string }
  | { kind: "unknown" }
  | { kind: "malformed" };

export function vmSizeFacts(size: string): VmSizeFacts {
  const found = /^(?:Standard|Basic)_([A-Z]+)(\d+)(?:-\d+)?([a-z]*)(?:_[A-Z0-9]+)*?(?:_v(\d+))?$/.exec(size);
  if (found === null) return { kind: "malformed" };
  const [, family, processors, features, version = "1"] = found;
  if (withoutAcceleration.includes(family) || size.startsWith("Basic_")) return { kind: "refused", why: "has no accelerated networking" };
  // DS, FS and the like: the first versions' way to write what is a feature since.
  if (/^[DEF]S$/.test(family)) return { kind: "refused", why: "is of a previous generation" };
  if (!families.includes(family)) return { kind: "unknown" };
  if (Number(version) < leastVersion[family]) return { kind: "refused", why: "is of a previous generation" };
  return { kind: "known", architecture: features.includes("p") ? "arm64" : "amd64", acceleratedNetworking: Number(processors) >= 2 };
}

/** The facts of a size that validation found good; undefined for a family that is not known. */
export function knownVmSize(size: string): { architecture: Architecture; acceleratedNetworking: boolean } | undefined {
  const facts = vmSizeFacts(size);
  return facts.kind === "known" ? facts : undefined;
}
