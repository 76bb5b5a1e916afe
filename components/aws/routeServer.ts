import * as pulumi from "@pulumi/pulumi";
import { RouteServer } from "@pulumi/aws/vpc/routeServer";
import { RouteServerEndpoint } from "@pulumi/aws/vpc/routeServerEndpoint";
import { RouteServerPeer } from "@pulumi/aws/vpc/routeServerPeer";
import { RouteServerPropagation } from "@pulumi/aws/vpc/routeServerPropagation";
import { RouteServerVpcAssociation } from "@pulumi/aws/vpc/routeServerVpcAssociation";
import { usualRouteServerAs, type RouteServerFacts } from "../../gateway/aws/routeServer";
import { asOf } from "../../gateway/site/bgp";
import type { RouteServerSpec } from "../../gateway/spec";
import { known } from "../known";
import { ofGeneration } from "../cloud/sshAccess";
import type { AwsRouteServerArgs } from "./args";
import type { AwsNetwork, Tags } from "./network";

/** Numbers of AS with their defaults. */
function numbers(name: string, args: AwsRouteServerArgs): { as: pulumi.Output<number>; gatewayAs: pulumi.Output<number> } {
  return { as: pulumi.output(args.as ?? usualRouteServerAs), gatewayAs: pulumi.output(args.gatewayAs ?? asOf(name)) };
}

/** What is known of it by now, to be judged. */
export async function routeServerFacts(name: string, args: AwsRouteServerArgs | undefined): Promise<RouteServerFacts | undefined> {
  if (args === undefined) return undefined;
  const { as, gatewayAs } = numbers(name, args);
  return { as: await known(as), gatewayAs: await known(gatewayAs), endpoints: args.endpoints ?? 2, tables: Object.keys(args.routeTableIds ?? {}).length };
}

/** A route server that stands in a VPC, with its endpoints in the gateway's subnet. */
export interface StandingRouteServer {
  /** What the gateway's BGP must know of it. */
  spec: pulumi.Output<RouteServerSpec>;
  /** Makes the gateway, by its interface's address, a peer of each endpoint. */
  join: (address: pulumi.Output<string>, generation: number) => void;
}

/**
 * Route server, its association with the VPC, endpoints in the gateway's subnet, and propagation to route tables. `good`: all
 * of the gateway has been found good.
 */
export function routeServer(name: string, args: AwsRouteServerArgs, good: pulumi.Output<unknown>, network: AwsNetwork, tags: Tags, opts: pulumi.CustomResourceOptions): StandingRouteServer {
  const { as, gatewayAs } = numbers(name, args);
  const once = <T>(value: pulumi.Output<T>): pulumi.Output<T> => pulumi.all([good, value]).apply(([, plain]) => plain as T);
  // Without BGP sessions no routes: a gateway that is gone is not to be kept in the VPC's tables.
  const server = new RouteServer(`${name}-route-server`, { amazonSideAsn: once(as), persistRoutes: "disable", tags }, opts);
  const { routeServerId } = server;
  const association = new RouteServerVpcAssociation(`${name}-route-server-vpc`, { routeServerId, vpcId: once(network.vpcId) }, opts);
  const joined = { ...opts, dependsOn: [association] };
  const endpoints = Array.from({ length: args.endpoints ?? 2 }, (_, index) =>
    new RouteServerEndpoint(`${name}-route-server-endpoint-${index + 1}`, { routeServerId, subnetId: once(network.subnetId), tags }, joined),
  );
  const tables = { ...(network.routeTableId === undefined ? {} : { own: network.routeTableId }), ...args.routeTableIds };
  for (const [table, routeTableId] of Object.entries(tables)) {
    new RouteServerPropagation(`${name}-route-server-${table}`, { routeServerId, routeTableId: once(pulumi.output(routeTableId)) }, joined);
  }
  return {
    spec: pulumi.all([as, gatewayAs, pulumi.all(endpoints.map(({ eniAddress }) => eniAddress))]).apply(([number, ours, addresses]) => ({ as: number, gatewayAs: ours, endpoints: addresses })),
    join: (address, generation) =>
      endpoints.forEach(({ routeServerEndpointId }, index) => {
        new RouteServerPeer(
          ofGeneration(`${name}-route-server-peer-${index + 1}`, generation),
          { routeServerEndpointId, peerAddress: address, bgpOptions: { peerAsn: gatewayAs, peerLivenessDetection: "bfd" }, tags },
          opts,
        );
      }),
  };
}
