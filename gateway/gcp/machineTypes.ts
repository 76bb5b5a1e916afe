import type { Architecture } from "../aws/instanceTypes";

/**
 * What is known of Compute Engine's machine series: architecture, the disk they boot from, and why one cannot be a
 * gateway. From "Machine families resource and comparison guide" (cloud.google.com/compute/docs/machine-resource) and
 * the series' own pages there.
 */

/**
 * t2d-standard-1: one core of an EPYC (no second thread beside it, no shared core), AES instructions, 4 GiB. It is in
 * most regions and not in every zone.
 */
export const defaultMachineType = "t2d-standard-1";

/** Series by architecture. All amd64 ones have AES-NI, all arm64 ones ARMv8's AES instructions. */
const series: Record<Architecture, readonly string[]> = {
  arm64: ["c4a", "n4a", "t2a"],
  amd64: ["c2", "c2d", "c3", "c3d", "c4", "c4d", "e2", "n2", "n2d", "n4", "n4d", "t2d"],
};

/** They boot from Hyperdisk alone; all others from a persistent disk. */
const hyperdiskOnly = ["c4", "c4a", "c4d", "n4", "n4a", "n4d"];
const sharedOldCore = ["f1", "g1"];
const firstGeneration = ["n1", "custom", "m1"];

/** What a machine type is good for. */
export type MachineTypeFacts =
  | { kind: "known"; architecture: Architecture; diskType: string }
  | { kind: "refused"; why: string }
  | { kind: "unknown" }
  | { kind: "malformed" };

/** Judges a machine type by its series, the word before the first hyphen. */
export function machineTypeFacts(type: string): MachineTypeFacts {
  const name = /^([a-z][a-z0-9]*)-[a-z0-9]+(-[a-z0-9]+)*$/.exec(type)?.[1];
  if (name === undefined) return { kind: "malformed" };
  for (const architecture of ["arm64", "amd64"] as const) {
    if (series[architecture].includes(name)) return { kind: "known", architecture, diskType: hyperdiskOnly.includes(name) ? "hyperdisk-balanced" : "pd-balanced" };
  }
  if (sharedOldCore.includes(name)) return { kind: "refused", why: "has a part of an old core" };
  if (firstGeneration.includes(name)) return { kind: "refused", why: "is of the first generation" };
  return { kind: "unknown" };
}

/** The facts of a type that validation found good; undefined for a series that is not in the tables. */
export function knownMachineType(type: string): { architecture: Architecture; diskType: string } | undefined {
  const facts = machineTypeFacts(type);
  return facts.kind === "known" ? facts : undefined;
}
