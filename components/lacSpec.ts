import * as pulumi from "@pulumi/pulumi";
import { lacPort } from "../gateway/lac/names";
import { lacProposals } from "../gateway/lac/proposals";
import type { LacConnectionSpec } from "../gateway/lac/spec";
import { attempt } from "./attempt";
import type { GatewaySite } from "./gatewaySite";
import { onlyGiven } from "./onlyGiven";
import type { SiteProposalArgs } from "./siteSpec";

/** Args of `LacConnection`. */
export interface LacArgs {
  /** A gateway's `site`. The gateway needs `sites: { enabled: true, lac: true }`. */
  gateway: pulumi.Input<GatewaySite>;
  /** IPv4 address or DNS name of the LNS. */
  lns: pulumi.Input<string>;
  /** Whom the LNS says it is by IKE. @default what is dialled */
  identity?: pulumi.Input<string>;
  /** Of IKE, as the owner of the LNS gave it. */
  preSharedKey: pulumi.Input<string>;
  /** The account at the LNS. */
  user: pulumi.Input<string>;
  password: pulumi.Input<string>;
  /** Networks that are reached through it, IPv4 in CIDR notation. */
  networks: pulumi.Input<pulumi.Input<string>[]>;
  /** Networks that may go through it. @default the gateway's IPv4 `insideNetworks` */
  near?: pulumi.Input<pulumi.Input<string>[]>;
  /** Hide them behind the address that the LNS gives. Without it the LNS must route them back. @default true */
  masquerade?: pulumi.Input<boolean>;
  /** UDP port that the gateway dials from. @default one from 1702 to 1799 by the connection's name */
  port?: pulumi.Input<number>;
  /** Largest packet within the session, in bytes. @default what fits the gateway's `outsideMtu` */
  mtu?: pulumi.Input<number>;
  /** Seconds between two tries to dial. @default 5 */
  redial?: pulumi.Input<number>;
  /** What is offered to the LNS. @default AES with SHA-2, P-384 to MODP-2048; AES-GCM or AES with SHA-2 */
  proposals?: SiteProposalArgs;
}

/** The one place where a connection's inputs become plain data. Says nothing of whether they make sense. */
export function resolveLac(name: string, args: LacArgs): pulumi.Output<LacConnectionSpec> {
  // Field by field: a preview may know all of them and not the machine.
  const site = pulumi.output(args.gateway);
  return pulumi
    .output({
      gateway: { name: site.name, platform: site.platform, endpoint: site.endpoint, insideNetworks: site.insideNetworks, pools: site.pools, outsideMtu: site.outsideMtu, lac: site.lac },
      lns: args.lns, identity: args.identity, user: args.user, networks: args.networks, near: args.near,
      masquerade: args.masquerade, port: args.port, mtu: args.mtu, redial: args.redial, proposals: args.proposals,
    })
    .apply((a) => attempt((): LacConnectionSpec => {
      const { name: gateway, platform, endpoint, pools, outsideMtu, insideNetworks, lac } = a.gateway;
      return {
        name,
        gateway: { name: gateway, platform, room: lac, endpoint, pools, outsideMtu },
        lns: a.lns,
        identity: a.identity ?? a.lns,
        user: a.user,
        near: a.near ?? insideNetworks.filter((text) => !text.includes(":")),
        networks: a.networks,
        masquerade: a.masquerade ?? true,
        port: a.port ?? lacPort(name),
        ...onlyGiven({ mtu: a.mtu }),
        redial: a.redial ?? 5,
        proposals: { ike: [...(a.proposals?.ike ?? lacProposals.ike)], esp: [...(a.proposals?.esp ?? lacProposals.esp)] },
      };
    }));
}
