import * as pulumi from "@pulumi/pulumi";
import { defaultInstanceType } from "../../gateway/aws/instanceTypes";
import { everywhere } from "../../gateway/aws/securityGroup";
import type { AwsFacts } from "../../gateway/aws/validate";
import { known } from "../known";
import type { AwsCommonArgs } from "./args";

/** The args of AWS with their defaults; judged nowhere yet. */
export function awsPlan(args: AwsCommonArgs) {
  return {
    instanceType: pulumi.output(args.instanceType ?? defaultInstanceType),
    networkCidr: pulumi.output(args.networkCidr ?? "10.76.0.0/24"),
    peers: pulumi.output(args.peers ?? [...everywhere]),
    openL2tpOutsideIpsec: pulumi.output(args.openL2tpOutsideIpsec ?? false),
    diskGigabytes: pulumi.output(args.diskGigabytes ?? 8),
    tags: pulumi.output(args.tags ?? {}),
  };
}

/** Of them all that is known by now. */
export async function knownFacts(plan: ReturnType<typeof awsPlan>, imageId: pulumi.Input<string> | undefined): Promise<Omit<AwsFacts, "access" | "generation">> {
  return {
    instanceType: await known(plan.instanceType),
    imageId: await known(imageId),
    imageChosen: imageId !== undefined,
    peers: await known(plan.peers),
    l2tpOutsideIpsec: await known(plan.openL2tpOutsideIpsec),
    diskGigabytes: await known(plan.diskGigabytes),
    tags: await known(plan.tags),
  };
}
