import { createHash } from "node:crypto";

/**
 * Names the lab of a stack, and the folder of its machines: two checkouts, or two stacks of one, have two. `programs` is
 * where a program of the stack runs, the folder of Pulumi.yaml's `main`.
 */
export function labId(stack: string, programs: string): string {
  return `${stack}-${createHash("sha256").update(programs).digest("hex").slice(0, 6)}`;
}
