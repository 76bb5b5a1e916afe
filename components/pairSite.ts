import * as pulumi from "@pulumi/pulumi";
import { siteAddress } from "../gateway/pair";
import type { GatewaySpec } from "../gateway/spec";
import { gatewaySite, type GatewaySite } from "./gatewaySite";
import type { Machine } from "./parts";

/**
 * What a `SiteConnection` takes of a pair of gateways: the same end twice, each with the way in to its machine. The active
 * machine alone has the tunnel.
 */
export interface PairSite {
  first: pulumi.Input<GatewaySite>;
  second: pulumi.Input<GatewaySite>;
}

/** One machine of a pair by itself. */
export interface PairMember {
  /** What a `SiteConnection` with BGP takes of this machine, which has that tunnel whoever is active; a secret. */
  site: pulumi.Output<GatewaySite>;
}

/** A machine of a pair that stands. */
export interface PairMachine {
  spec: pulumi.Output<GatewaySpec>;
  machine: Machine;
  /** Where another site reaches this machine, whoever is active. */
  endpoint: pulumi.Input<string>;
}

/** Of a pair both of whose machines stand once `ready` is there. */
export function pairSites(name: string, machines: readonly [PairMachine, PairMachine], ready: pulumi.Output<unknown>): { site: PairSite; members: PairMember[] } {
  const ofPair = ({ spec, machine }: PairMachine) => gatewaySite(spec, machine, ready, { machines: "pair", localAddress: spec.apply(({ pair }) => siteAddress(pair!)) });
  const ofMember = ({ spec, machine, endpoint }: PairMachine, index: number) =>
    gatewaySite(spec, machine, ready, { name: `${name}-${index + 1}`, endpoint, machines: "member", localAddress: spec.apply(({ pair }) => pair!.address) });
  return { site: { first: ofPair(machines[0]), second: ofPair(machines[1]) }, members: machines.map((machine, index) => ({ site: ofMember(machine, index) })) };
}

/** An end of a connection, as it is given. */
export type SiteInput = pulumi.Input<GatewaySite> | PairSite;

/** Which it is must be known before anything is made: it decides which resources there are. */
export function isPairSite(given: SiteInput): given is PairSite {
  return !pulumi.Output.isInstance(given) && !(given instanceof Promise) && "first" in given && "second" in given;
}

/** The machines of an end in the order in which they are pushed to: of a pair the second first, as all that is a pair's. */
export function machinesOf(given: SiteInput): { site: pulumi.Output<GatewaySite>; machine?: 1 | 2 }[] {
  if (!isPairSite(given)) return [{ site: pulumi.output(given) as pulumi.Output<GatewaySite> }];
  return [
    { site: pulumi.output(given.second) as pulumi.Output<GatewaySite>, machine: 2 },
    { site: pulumi.output(given.first) as pulumi.Output<GatewaySite>, machine: 1 },
  ];
}

/** An end's gateway, where one machine of two says enough: the first. */
export function firstOf(given: SiteInput): pulumi.Output<GatewaySite> {
  return pulumi.output(isPairSite(given) ? given.first : given) as pulumi.Output<GatewaySite>;
}
