import type * as pulumi from "@pulumi/pulumi";
import { Address } from "@pulumi/gcp/compute/address";
import { ForwardingRule } from "@pulumi/gcp/compute/forwardingRule";
import type { Instance } from "@pulumi/gcp/compute/instance";
import { InstanceGroup } from "@pulumi/gcp/compute/instanceGroup";
import { RegionBackendService } from "@pulumi/gcp/compute/regionBackendService";
import { RegionHealthCheck } from "@pulumi/gcp/compute/regionHealthCheck";
import { Route } from "@pulumi/gcp/compute/route";
import type { Pool } from "../cloud/pools";
import type { GcpNetwork, Labels } from "./network";

/** What both load balancers of a pair are made with. */
export interface BalancersArgs {
  network: GcpNetwork;
  region: pulumi.Output<string> | undefined;
  healthPort: pulumi.Output<number>;
  /** The address that clients connect to. */
  address: Address;
  /** Pools that get a route. */
  pools: Readonly<Record<string, Pool>>;
  labels: Labels;
}

/**
 * To whichever machine answers the health check, which the active one alone does: clients, by an external passthrough
 * load balancer that takes every protocol (`L3_DEFAULT` before an `UNSPECIFIED` backend: ESP and fragments too); and, by
 * an internal one that is next hop of the routes, the way back to clients. Neither changes a packet. A session does not
 * stay with a machine that is no longer well.
 */
export function pairBalancers(name: string, machines: readonly Instance[], args: BalancersArgs, opts: pulumi.CustomResourceOptions): void {
  const region = args.region === undefined ? {} : { region: args.region };
  const check = new RegionHealthCheck(
    `${name}-health`,
    { ...region, checkIntervalSec: 2, timeoutSec: 2, healthyThreshold: 1, unhealthyThreshold: 2, tcpHealthCheck: { port: args.healthPort } },
    opts,
  );
  const groups = machines.map(
    (machine, index) => new InstanceGroup(`${name}-${index + 1}-group`, { zone: machine.zone, network: args.network.network, instances: [machine.selfLink] }, opts),
  );
  const backends = groups.map((group) => ({ group: group.selfLink, balancingMode: "CONNECTION" }));
  const common = { ...region, healthChecks: check.selfLink, backends, sessionAffinity: "CLIENT_IP", connectionDrainingTimeoutSec: 0, connectionTrackingPolicy: { trackingMode: "PER_SESSION", connectionPersistenceOnUnhealthyBackends: "NEVER_PERSIST" } };
  const outside = new RegionBackendService(`${name}-clients-service`, { ...common, loadBalancingScheme: "EXTERNAL", protocol: "UNSPECIFIED" }, opts);
  new ForwardingRule(
    `${name}-clients`,
    { ...region, loadBalancingScheme: "EXTERNAL", ipProtocol: "L3_DEFAULT", allPorts: true, ipAddress: args.address.selfLink, backendService: outside.selfLink, labels: args.labels },
    opts,
  );
  const routed = Object.entries(args.pools).filter(([, { family }]) => family === 4);
  if (routed.length === 0) return;
  const inside = new RegionBackendService(`${name}-way-back-service`, { ...common, loadBalancingScheme: "INTERNAL", protocol: "UNSPECIFIED", network: args.network.network }, opts);
  const rule = new ForwardingRule(
    `${name}-way-back`,
    { ...region, loadBalancingScheme: "INTERNAL", ipProtocol: "L3_DEFAULT", allPorts: true, network: args.network.network, subnetwork: args.network.subnetwork, backendService: inside.selfLink, labels: args.labels },
    opts,
  );
  for (const [pool, { cidr }] of routed) {
    new Route(`${name}-route-${pool}`, { network: args.network.network, destRange: cidr, nextHopIlb: rule.selfLink, description: "Clients of the VPN gateway" }, opts);
  }
}

/** An address of a machine's own in the network, which both machines of a pair are told before either is there. */
export function insideAddress(name: string, network: GcpNetwork, region: pulumi.Output<string> | undefined, labels: Labels, opts: pulumi.CustomResourceOptions): Address {
  return new Address(`${name}-inside`, { addressType: "INTERNAL", subnetwork: network.subnetwork, ...(region === undefined ? {} : { region }), labels }, opts);
}
