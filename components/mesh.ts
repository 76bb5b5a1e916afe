import * as pulumi from "@pulumi/pulumi";
import { asOf } from "../gateway/site/bgp";
import { gatewayProblems, meshPrefixes, namesProblems, planMesh, privateSpace, type MeshGateway, type MeshLink } from "../gateway/site/mesh";
import type { GatewaySite } from "./gatewaySite";
import { refuse, refuseOrWarn } from "./refuse";
import { SiteConnection } from "./siteConnection";

/** A gateway of a mesh. */
export interface MeshGatewayArgs {
  /** Names its connections: another name, other connections. A plain string. */
  name: string;
  /** The gateway's `site`; it needs `sites: { enabled: true, bgp: true }`. */
  site: pulumi.Input<GatewaySite>;
  /** Networks behind it, in CIDR notation. @default the gateway's `insideNetworks` */
  networks?: pulumi.Input<pulumi.Input<string>[]>;
  /** AS number. @default a private one of 4 bytes by the gateway's own name */
  as?: pulumi.Input<number>;
  /** 1–999: of those that have the same network behind them, others take the one with more. @default 100 */
  preference?: pulumi.Input<number>;
  /** With certificates: serial numbers (hexadecimal) of those that it had and that hold no longer; only its connections are touched. @default none */
  revokedSerials?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Args of {@link Mesh}. */
export interface MeshArgs {
  /** One more belongs at the end: then it touches its own connections alone, whatever happens. */
  gateways: MeshGatewayArgs[];
  /** Names of gateways that all others are joined to, and by way of which they reach each other. @default none: each is joined to each */
  hubs?: string[];
  /** What the sites may have, in CIDR notation; what lies in it never leaves a gateway but through a tunnel. @default RFC 1918 and fc00::/7 */
  networks?: pulumi.Input<pulumi.Input<string>[]>;
  /** Networks that several gateways have behind them: regions that stand in for one another. @default none */
  sharedNetworks?: pulumi.Input<pulumi.Input<string>[]>;
  /** Milliseconds between two packets of BFD, of which three may be lost; 0: no BFD, and a dead link is one of 9 s. @default 300 */
  bfdInterval?: pulumi.Input<number>;
  /**
   * As many prefixes of a family as a neighbour may announce, its own and what it passes on of others', before its session is
   * shut for five minutes: no fewer than all sites have together. @default 1000
   */
  mostPrefixes?: pulumi.Input<number>;
  /** Proposals and lifetimes: see docs/sites.md. @default "modern" */
  profile?: pulumi.Input<string>;
  /** `psk` or `certificate`. @default "psk" */
  authentication?: string;
  /**
   * With certificates: names of gateways whose certificates hold no longer. Those joined to them, which need
   * `sites: { revocation: true }`, cut them off and do not let them in. @default none
   */
  revoked?: string[];
}

/** One connection of a mesh, for pictures and lists. */
export interface MeshConnection {
  name: string;
  /** Names of its gateways. */
  left: string;
  right: string;
  /** Its inside network. */
  link: string;
}

/**
 * Gateways in, connections out: every two of them joined by a `SiteConnection` with BGP, or all of them to hubs. AS numbers
 * go by the gateways' names and inside networks by the connections', so that one more gateway touches its own connections alone.
 *
 * @throws ResourceError with everything that is wrong with names at once, and with what a gateway has against those before it
 */
export class Mesh extends pulumi.ComponentResource {
  /** All connections, by which gateways and over which inside network. */
  public readonly connections: pulumi.Output<MeshConnection[]>;

  constructor(name: string, args: MeshArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:index:Mesh", name, {}, opts);
    const names = args.gateways.map((gateway) => gateway.name);
    refuse(namesProblems(name, names, args), this, `The mesh ${name}`);
    const { hubs, revoked, authentication } = args;
    const space = pulumi.output({ networks: args.networks ?? [...privateSpace], shared: args.sharedNetworks ?? [], mostPrefixes: args.mostPrefixes ?? meshPrefixes });
    const gateways = args.gateways.map((given) => resolve(given));
    // What is wrong with a gateway stops its own connections and those of later ones: those of earlier ones do not wait for it.
    const good = gateways.map((_, index) =>
      pulumi.all([pulumi.all(gateways.slice(0, index + 1)), space]).apply(async ([plain, all]) => {
        await refuseOrWarn(() => gatewayProblems(plain, { ...all, hubs, revoked, authentication }), this, `The mesh ${name}`);
        return true;
      }),
    );
    const links = planMesh(name, names, args.hubs);
    for (const link of links) this.join(link, args, gateways, space, good);
    this.connections = pulumi.output(links.map((one) => ({ name: one.name, left: names[one.left], right: names[one.right], link: one.link })));
    this.registerOutputs({ connections: this.connections });
  }

  private join(
    { name, left, right, link }: MeshLink,
    args: MeshArgs,
    gateways: pulumi.Output<MeshGateway>[],
    space: pulumi.Output<{ networks: string[]; shared: string[]; mostPrefixes: number }>,
    good: pulumi.Output<boolean>[],
  ): void {
    const [one, other] = [args.gateways[left], args.gateways[right]];
    // A network that is behind both is no news to either.
    const both = pulumi
      .all([gateways[left].networks, gateways[right].networks, space.shared, good[Math.max(left, right)]])
      .apply(([here, there, shared]) => ({ here, there, common: here.filter((text) => there.includes(text) && shared.includes(text)) }));
    new SiteConnection(
      name,
      {
        left: one.site,
        right: other.site,
        leftNetworks: both.apply(({ here, common }) => here.filter((text) => !common.includes(text))),
        rightNetworks: both.apply(({ there, common }) => there.filter((text) => !common.includes(text))),
        profile: args.profile,
        authentication: args.authentication,
        leftRevoked: args.revoked?.includes(one.name),
        rightRevoked: args.revoked?.includes(other.name),
        revokedSerials: pulumi.all([gateways[left], gateways[right]]).apply((ends) => ends.flatMap(({ revokedSerials }) => revokedSerials)),
        routing: "bgp",
        bgp: {
          leftAs: one.as,
          rightAs: other.as,
          leftPreference: one.preference,
          rightPreference: other.preference,
          link,
          bfdInterval: args.bfdInterval,
          transit: space.networks,
          shared: both.common,
          mostPrefixes: space.mostPrefixes,
        },
      },
      { parent: this },
    );
  }
}

/** Field by field, as a preview knows them; no secret among them. */
function resolve({ name, site, networks, as, revokedSerials }: MeshGatewayArgs): pulumi.Output<MeshGateway> {
  const given = pulumi.output(site);
  return pulumi.unsecret(
    pulumi
      .all([given.name, given.insideNetworks, networks, as, revokedSerials, given.revocation])
      .apply(([own, inside, instead, number, serials, looksAtLists]) => ({ name, as: number ?? asOf(own), networks: instead ?? inside, revokedSerials: serials ?? [], looksAtLists })),
  );
}
