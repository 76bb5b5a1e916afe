import * as pulumi from "@pulumi/pulumi";
import { drainSeconds } from "../../gateway/aws/healthCheckedName";
import { awsPairProblems, type AwsSubnet } from "../../gateway/aws/validatePair";
import { healthPort } from "../../gateway/pair";
import type { GatewaySpec, PairFront, PairSpec } from "../../gateway/spec";
import { known } from "../known";
import type { AwsGatewayPairArgs } from "./args";
import { givenNetwork, type AwsPairNetwork } from "./network";
import { knownFacts, type awsPlan } from "./plan";

/** A pair as it is judged before its interfaces are there: addresses of RFC 5737 stand for what EC2 will choose. */
export function pairToCome(front: PairFront): PairSpec {
  return {
    member: 1,
    front,
    address: "192.0.2.1",
    peer: "192.0.2.2",
    floating: [],
    // VRRP is spoken between two addresses alone, so that no other pair hears it.
    virtualRouterId: 51,
    healthPort,
    healthCheckers: front === "floatingAddress" ? [] : ["192.0.2.0/24"],
    ...(front === "dns" ? { ownEndpoint: "192.0.2.1", peerEndpoint: "192.0.2.2", drainSeconds } : {}),
    // Refused in its turn, and not for what it lacks.
    ...(front === "loadSharing" ? { drainSeconds } : {}),
  };
}

/** Two subnets that were there before. */
export interface GivenPairNetwork {
  count: number;
  network: AwsPairNetwork;
  subnets: pulumi.Output<AwsSubnet>[];
  vpcCidrs: pulumi.Output<string[]>;
}

/** Looks them up; of a number that is not two as many as there are, for the judgement to say so. */
export function givenPairNetwork(subnetIds: pulumi.Input<string>[] | undefined, opts: pulumi.InvokeOutputOptions): GivenPairNetwork | undefined {
  if (subnetIds === undefined) return undefined;
  const found = subnetIds.slice(0, 2).map((id) => givenNetwork(id, opts));
  const subnets = found.map(({ subnet }) => subnet);
  const at = (index: number) => found[Math.min(index, found.length - 1)]?.network.subnetId ?? pulumi.output("");
  return {
    count: subnetIds.length,
    network: {
      vpcId: found[0]?.network.vpcId ?? pulumi.output(""),
      subnetIds: [at(0), at(1)],
      subnetCidrs: pulumi.all(subnets.map((subnet) => subnet.cidr)),
      routed: [],
    },
    subnets,
    vpcCidrs: found[0]?.vpcCidrs ?? pulumi.output<string[]>([]),
  };
}

/** What AWS has to say of a pair's spec, of all that is known by then. */
export function pairJudgement(args: AwsGatewayPairArgs, plan: ReturnType<typeof awsPlan>, given: GivenPairNetwork | undefined) {
  return async (spec: GatewaySpec) =>
    awsPairProblems(spec, {
      ...(await knownFacts(plan, args.imageId)),
      networkCidr: given === undefined ? await known(plan.networkCidr) : undefined,
      vpcCidrs: await known(given?.vpcCidrs),
      access: args.access ?? "ssh",
      generation: 1,
      subnetCount: given?.count,
      named: args.endpoint !== undefined,
      zone: args.zoneId !== undefined,
      zoneId: await known(args.zoneId),
      subnets: given && (await known(pulumi.all(given.subnets))),
      routeTableIds: await knownByWord(args.routeTableIds),
      siteNetworks: await knownByWord(args.siteNetworks),
    });
}

/** What a preview knows of each. */
async function knownByWord(given: Readonly<Record<string, pulumi.Input<string>>> = {}): Promise<Record<string, string | undefined>> {
  return Object.fromEntries(await Promise.all(Object.entries(given).map(async ([word, value]) => [word, await known(value)] as const)));
}
