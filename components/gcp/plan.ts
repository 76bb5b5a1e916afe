import * as pulumi from "@pulumi/pulumi";
import { defaultMachineType, knownMachineType } from "../../gateway/gcp/machineTypes";
import { regionOf, type GcpFacts } from "../../gateway/gcp/validate";
import { secureBoot } from "../../gateway/gcp/images";
import { known } from "../known";
import type { GcpCommonArgs } from "./args";

/** The args of Google Cloud with their defaults; judged nowhere yet. */
export function gcpPlan(args: GcpCommonArgs) {
  const machineType = pulumi.output(args.machineType ?? defaultMachineType);
  const facts = machineType.apply(knownMachineType);
  return {
    machineType,
    diskType: args.diskType === undefined ? facts.apply((type) => type?.diskType ?? "pd-balanced") : pulumi.output(args.diskType),
    secureBoot: args.secureBoot === undefined ? facts.apply((type) => args.image === undefined && type !== undefined && secureBoot(type.architecture)) : pulumi.output(args.secureBoot),
    networkCidr: pulumi.output(args.networkCidr ?? "10.76.0.0/24"),
    peers: pulumi.output(args.peers ?? ["0.0.0.0/0"]),
    openL2tpOutsideIpsec: pulumi.output(args.openL2tpOutsideIpsec ?? false),
    diskGigabytes: pulumi.output(args.diskGigabytes ?? 10),
    labels: pulumi.output(args.labels ?? {}),
  };
}

export type GcpPlan = ReturnType<typeof gcpPlan>;

/** Of them all that is known by now. */
export async function knownFacts(plan: GcpPlan, args: GcpCommonArgs): Promise<Omit<GcpFacts, "generation">> {
  return {
    machineType: await known(plan.machineType),
    image: await known(args.image),
    imageChosen: args.image !== undefined,
    diskType: await known(args.diskType),
    diskTypeChosen: args.diskType !== undefined,
    peers: await known(plan.peers),
    l2tpOutsideIpsec: await known(plan.openL2tpOutsideIpsec),
    diskGigabytes: await known(plan.diskGigabytes),
    labels: await known(plan.labels),
    networkCidr: args.subnetwork === undefined ? await known(plan.networkCidr) : undefined,
  };
}

/** The region of a zone that is given; none: the provider's own. */
export function regionOfZone(zone: pulumi.Input<string> | undefined): pulumi.Output<string> | undefined {
  return zone === undefined ? undefined : pulumi.output(zone).apply(regionOf);
}
