import type * as pulumi from "@pulumi/pulumi";
import { halvesOf, network } from "../../gateway/addressing";
import type { GatewaySpec } from "../../gateway/spec";
import type { RemoteAccessArgs } from "../args";

/** Stands for an address that clients are given, while the rest of a description is judged, before there is one. */
export const addressToCome = "address-to-come.invalid";

/** A pool that clients get their addresses from. */
export interface Pool {
  cidr: pulumi.Output<string>;
  family: 4 | 6;
}

/** The half of each pool that a machine of a pair hands out. */
export function halfPools(pools: Readonly<Record<string, Pool>>, member: 1 | 2): Record<string, Pool> {
  return Object.fromEntries(Object.entries(pools).map(([name, { cidr, family }]) => [name, { cidr: cidr.apply((pool) => halvesOf(network(pool))[member - 1].text), family }]));
}

/** The pools by a word for each; which there are is plain, and so names resources. */
export function poolsOf(args: RemoteAccessArgs, good: pulumi.Output<GatewaySpec>): Record<string, Pool> {
  return {
    ...(args.l2tp?.enabled === true ? { l2tp: { cidr: good.apply(({ l2tp }) => l2tp?.pool ?? ""), family: 4 as const } } : {}),
    ...(args.ikev2?.enabled !== false ? { ikev2: { cidr: good.apply(({ ikev2 }) => ikev2?.pool ?? ""), family: 4 as const } } : {}),
    ...(args.ikev2?.enabled !== false && args.ikev2?.pool6 !== undefined
      ? { ikev2v6: { cidr: good.apply(({ ikev2 }) => ikev2?.pool6 ?? ""), family: 6 as const } }
      : {}),
  };
}
