import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { ofGeneration } from "../cloud/sshAccess";

/**
 * What a machine was made of, as it was when its generation was first made. Azure refuses every change of image, custom
 * data and keys of a machine that stands, and Pulumi's `ignoreChanges` would hold for a machine that takes its place
 * too; so the stack remembers them in a resource of their own, and another generation begins anew.
 */
export function firstTold<T extends Record<string, pulumi.Output<string>>>(name: string, generation: number, values: T, opts: pulumi.CustomResourceOptions): { [Key in keyof T]: pulumi.Output<string> } {
  const memory = new RandomPassword(
    ofGeneration(`${name}-first-boot`, generation),
    // Its result is nobody's: what is kept beside it is what it is for.
    { length: 16, keepers: pulumi.secret(values) },
    { ...opts, ignoreChanges: ["keepers"] },
  );
  const kept = Object.keys(values).map((key) => [key, memory.keepers.apply((all) => all?.[key] ?? "")]);
  return Object.fromEntries(kept) as { [Key in keyof T]: pulumi.Output<string> };
}
