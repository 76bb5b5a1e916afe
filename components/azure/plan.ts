import * as pulumi from "@pulumi/pulumi";
import { marketplaceImage, parseImage, type AzureImage } from "../../gateway/azure/images";
import { defaultVmSize, knownVmSize } from "../../gateway/azure/sizes";
import type { AzureFacts } from "../../gateway/azure/validate";
import type { PlatformName } from "../../gateway/spec";
import { known } from "../known";
import type { AzureCommonArgs } from "./args";

/** The args of Azure with their defaults; judged nowhere yet. */
export function azurePlan(args: AzureCommonArgs) {
  const vmSize = pulumi.output(args.vmSize ?? defaultVmSize);
  const facts = vmSize.apply(knownVmSize);
  return {
    vmSize,
    acceleratedNetworking: facts.apply((size) => size?.acceleratedNetworking ?? false),
    trustedLaunch: args.trustedLaunch === undefined ? facts.apply((size) => args.image === undefined && size?.architecture === "amd64") : pulumi.output(args.trustedLaunch),
    networkCidr: pulumi.output(args.networkCidr ?? "10.76.0.0/24"),
    peers: pulumi.output(args.peers ?? ["0.0.0.0/0"]),
    openL2tpOutsideIpsec: pulumi.output(args.openL2tpOutsideIpsec ?? false),
    diskGigabytes: pulumi.output(args.diskGigabytes ?? 30),
    encryptionAtHost: pulumi.output(args.encryptionAtHost ?? false),
    tags: pulumi.output(args.tags ?? {}),
  };
}

export type AzurePlan = ReturnType<typeof azurePlan>;

/** Of them all that is known by now. */
export async function knownFacts(plan: AzurePlan, args: AzureCommonArgs): Promise<Omit<AzureFacts, "generation">> {
  const tables = Object.entries(args.routeTableIds ?? {}).map(async ([table, id]) => [table, await known(id)] as const);
  return {
    vmSize: await known(plan.vmSize),
    image: await known(args.image),
    imageChosen: args.image !== undefined,
    peers: await known(plan.peers),
    l2tpOutsideIpsec: await known(plan.openL2tpOutsideIpsec),
    diskGigabytes: await known(plan.diskGigabytes),
    tags: await known(plan.tags),
    routeTableIds: Object.fromEntries(await Promise.all(tables)),
  };
}

/** The image of a size and platform that have been found good, as JSON. */
export function imageOf(args: AzureCommonArgs, platform: pulumi.Output<PlatformName>, vmSize: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.all([platform, vmSize, args.image]).apply(([system, size, given]): string => {
    const facts = knownVmSize(size);
    const image: AzureImage | undefined = given !== undefined ? parseImage(given) : facts && marketplaceImage(system, facts.architecture);
    if (image === undefined) throw new Error(`size ${size} is of no known architecture`);
    return JSON.stringify(image);
  });
}
