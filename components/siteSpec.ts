import * as pulumi from "@pulumi/pulumi";
import { linkOf } from "../gateway/site/bgp";
import { deviceKind } from "../gateway/site/devices";
import { siteProfile, siteProfiles } from "../gateway/site/profiles";
import type { SiteConnectionSpec, SiteDeviceProof, SiteEndSpec, SiteMachines, SiteProposals, SiteRevocation } from "../gateway/site/spec";
import { attempt } from "./attempt";
import { firstOf, isPairSite, type SiteInput } from "./pairSite";
import { resolveBgp } from "./siteBgpSpec";
import { usualDevice } from "./siteDevice";

/** What one end offers, where it is not what the profile says. */
export interface SiteProposalArgs {
  /** IKE proposals in swanctl's notation, in order of preference. @default the profile's */
  ike?: pulumi.Input<pulumi.Input<string>[]>;
  /** ESP proposals. @default the profile's */
  esp?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A device that somebody else configures. */
export interface SiteDeviceArgs {
  /** Whose language its configuration is written in: see docs/sites.md. @default "libreswan" */
  kind?: pulumi.Input<string>;
  /** What the device calls its interface towards the internet, where its configuration names it. @default the kind's usual one */
  outsideInterface?: pulumi.Input<string>;
  /** What it calls the one towards its networks. @default the kind's usual one */
  insideInterface?: pulumi.Input<string>;
  /** For comments and messages. @default "device" */
  name?: pulumi.Input<string>;
  /** What the gateway dials: an address or DNS name. @default none: the device dials, from wherever it is */
  endpoint?: pulumi.Input<string>;
  /** Its IKE identity. @default its endpoint's address, else `right.NAME` of the connection */
  identity?: pulumi.Input<string>;
  /** Networks behind it, in CIDR notation. With BGP it may announce these and what is within them. */
  networks: pulumi.Input<pulumi.Input<string>[]>;
  /** Its AS number, with `routing: "bgp"`; `bgp.rightAs` is the same. @default none: BGP needs it */
  as?: pulumi.Input<number>;
  /** IKE version: 1 for a device that has nothing newer: a pre-shared key, fixed addresses at both ends, one network to one. @default 2 */
  ike?: pulumi.Input<number>;
  /** MTU of its link to the outside, in bytes. @default 1500 */
  outsideMtu?: pulumi.Input<number>;
  /** What it is set to, where that is not what its profile says. */
  proposals?: SiteProposalArgs;
  /** With `authentication: "certificate"`: PEM of the authority that its own certificate, for its `identity`, is of. @default none: the connection's authority makes it one */
  authority?: pulumi.Input<string>;
  /** PEM of that authority's revocation list; without one nothing of it can be revoked. @default none */
  revocationList?: pulumi.Input<string>;
  /** The certificate that the stack made for it holds no longer: the device is cut off, and not let in. @default false */
  revoked?: pulumi.Input<boolean>;
  /** Serial numbers (hexadecimal) of other certificates of the connection's authority that hold no longer. @default none */
  revokedSerials?: pulumi.Input<pulumi.Input<string>[]>;
}

/** With `routing: "bgp"`. */
export interface SiteBgpArgs {
  /** AS numbers. @default a private one of 4 bytes by the gateway's name, which stays the same whoever comes or goes; of a device `device.as` */
  leftAs?: pulumi.Input<number>;
  rightAs?: pulumi.Input<number>;
  /** 1–999: of two gateways with the same networks behind them, others take the one with more. @default 100 */
  leftPreference?: pulumi.Input<number>;
  rightPreference?: pulumi.Input<number>;
  /**
   * Inside network of the tunnel, a /31 of 169.254.0.0/16; towards a device a /30 where its kind has no /31.
   * @default one of 169.254.64.0/18 by the connection's name, or of what the device's kind takes
   */
  link?: pulumi.Input<string>;
  /** Which of the link's two addresses the left end has; the other is the right end's. @default the lower; of AWS' links the upper */
  leftAddress?: pulumi.Input<string>;
  /** Milliseconds between two packets of BFD, of which three may be lost; 0: no BFD, and a dead link is one of `hold`. @default 300, or 0 with a device whose text sets up none */
  bfdInterval?: pulumi.Input<number>;
  /** Seconds between two words of BGP. @default 3, or what the device's kind wants */
  keepalive?: pulumi.Input<number>;
  /** Seconds after which a silent neighbour is gone, three keepalives or more; the smaller of the two ends' counts (RFC 4271, 4.2). @default 9, or what the device's kind wants */
  hold?: pulumi.Input<number>;
  /** Networks that may be reached through the other end without being its own, in CIDR notation. @default none */
  transit?: pulumi.Input<pulumi.Input<string>[]>;
  /** Networks that both ends have behind them: neither tells the other of them. @default none */
  shared?: pulumi.Input<pulumi.Input<string>[]>;
  /** As many prefixes a family the other end may announce before the session is shut for five minutes. @default 100 */
  mostPrefixes?: pulumi.Input<number>;
}

/** Args of `SiteConnection`. */
export interface SiteArgs {
  /** A gateway's `site`, or a pair's. */
  left: SiteInput;
  /** Another gateway's `site`, or a pair's. Either this or `device`. */
  right?: SiteInput;
  /** Somebody's device. Either this or `right`. */
  device?: SiteDeviceArgs;
  /** What the other end dials. @default the gateway's endpoint */
  leftEndpoint?: pulumi.Input<string>;
  rightEndpoint?: pulumi.Input<string>;
  /** An end whose address changes: nobody dials it, it dials. @default false */
  leftChanges?: pulumi.Input<boolean>;
  rightChanges?: pulumi.Input<boolean>;
  /** Networks behind an end. @default the gateway's `insideNetworks` */
  leftNetworks?: pulumi.Input<pulumi.Input<string>[]>;
  rightNetworks?: pulumi.Input<pulumi.Input<string>[]>;
  /** Which proposals and lifetimes both ends have: see docs/sites.md. @default "modern"; towards a device that of its kind */
  profile?: pulumi.Input<string>;
  /** `psk` or `certificate` of an authority of this connection's own; towards a device of a kind whose text has certificates. @default "psk" */
  authentication?: string;
  /**
   * With certificates between two gateways: the one that the end has now holds no longer. The other end, which needs
   * `sites: { revocation: true }`, cuts it off and does not let it in. @default false
   */
  leftRevoked?: pulumi.Input<boolean>;
  rightRevoked?: pulumi.Input<boolean>;
  /** Serial numbers (hexadecimal) of other certificates of the connection's authority that hold no longer: both gateways look at them. @default none */
  revokedSerials?: pulumi.Input<pulumi.Input<string>[]>;
  /** Minted (40 letters and digits) unless given. */
  preSharedKey?: pulumi.Input<string>;
  /** `static`: the networks that are named here; `bgp`: the two ends tell each other, which needs `sites: { bgp: true }` of gateways and `device.as` of a device. @default "static" */
  routing?: pulumi.Input<string>;
  bgp?: SiteBgpArgs;
  /**
   * Give the two gateways addresses of their own within the tunnel, for a `LayerTwoExtension` to go over it; networks may then be
   * empty. Between two gateways. With BGP there are such addresses anyway. @default false
   */
  layerTwo?: pulumi.Input<boolean>;
  /** `route` or `policy`. @default "route" */
  mode?: pulumi.Input<string>;
  /** Carry ESP within UDP even where there is no NAT. @default the profile's */
  encapsulate?: pulumi.Input<boolean>;
  /** What an end offers, where that is not the profile's. */
  leftProposals?: SiteProposalArgs;
  rightProposals?: SiteProposalArgs;
}

/** The one place where a connection's inputs become plain data. Says nothing of whether they make sense. */
export function resolveSite(name: string, args: SiteArgs): pulumi.Output<SiteConnectionSpec> {
  if ((args.right === undefined) === (args.device === undefined)) {
    throw new pulumi.RunError(`site connection ${name}: give either \`right\`, another gateway's \`site\`, or \`device\``);
  }
  const gateway = (given: SiteInput | undefined) => {
    if (given === undefined) return undefined;
    // Field by field: a preview may know all of them and not the machine.
    const site = firstOf(given);
    return {
      name: site.name, platform: site.platform, endpoint: site.endpoint, insideNetworks: site.insideNetworks, pools: site.pools,
      outsideMtu: site.outsideMtu, sites: site.sites, bgp: site.bgp, machines: site.machines, revocation: site.revocation,
      localAddresses: [site.localAddress, ...(isPairSite(given) ? [pulumi.output(given.second).localAddress] : [])],
    };
  };
  return pulumi
    .output({
      left: gateway(args.left), right: gateway(args.right), device: args.device,
      leftEndpoint: args.leftEndpoint, rightEndpoint: args.rightEndpoint,
      leftChanges: args.leftChanges, rightChanges: args.rightChanges,
      leftNetworks: args.leftNetworks, rightNetworks: args.rightNetworks,
      leftProposals: args.leftProposals, rightProposals: args.rightProposals,
      profile: args.profile, mode: args.mode, encapsulate: args.encapsulate,
      routing: args.routing, bgp: args.bgp, layerTwo: args.layerTwo,
      leftRevoked: args.leftRevoked, rightRevoked: args.rightRevoked, revokedSerials: args.revokedSerials,
    })
    .apply((a) => attempt((): SiteConnectionSpec => {
      const kind = a.device === undefined ? undefined : deviceKind(a.device.kind ?? usualDevice);
      const usual = (a.device?.ike === 1 ? kind?.ikev1?.profile : undefined) ?? kind?.profile ?? "modern";
      const profile = siteProfile(a.profile ?? usual);
      if (profile === undefined) {
        throw new pulumi.RunError(`site connection ${name}: there is no profile ${JSON.stringify(a.profile)}: use one of ${Object.keys(siteProfiles).join(", ")}`);
      }
      const offers = (given: Partial<SiteProposals> | undefined): SiteProposals => ({ ike: [...(given?.ike ?? profile.ike)], esp: [...(given?.esp ?? profile.esp)] });
      const end = (side: "left" | "right"): SiteEndSpec => {
        const site = a[side];
        const proposals = offers((side === "left" ? a.leftProposals : a.rightProposals) as Partial<SiteProposals> | undefined);
        if (site === undefined) return { ...device(), proposals: offers((a.device?.proposals ?? proposals) as Partial<SiteProposals>) };
        // Such as a pair's, both in one output: how many machines there are must be known before.
        if ((site.name as string | undefined) === undefined) {
          throw new pulumi.RunError(`site connection ${name}: \`${side}\` is no gateway's \`site\`; of a pair from another stack give \`{ first, second }\`, each an output of its own`);
        }
        const changes = side === "left" ? a.leftChanges : a.rightChanges;
        return {
          name: site.name,
          kind: site.sites ? "gateway" : "closedGateway",
          platform: site.platform,
          ...(changes ? {} : { endpoint: (side === "left" ? a.leftEndpoint : a.rightEndpoint) ?? site.endpoint }),
          // Unlike an address it is another for each connection, so that two between the same gateways are told apart.
          identity: a.device === undefined ? `${side}.${name}` : ((side === "left" ? a.leftEndpoint : undefined) ?? site.endpoint),
          networks: (side === "left" ? a.leftNetworks : a.rightNetworks) ?? site.insideNetworks,
          pools: site.pools,
          outsideMtu: site.outsideMtu,
          proposals,
          ...(site.machines === undefined ? {} : { machines: site.machines as SiteMachines, localAddresses: site.localAddresses.filter((text) => text !== undefined) }),
        };
      };
      const device = (): Omit<SiteEndSpec, "proposals"> => ({
        name: a.device?.name ?? "device",
        kind: "device",
        ...(a.device?.endpoint === undefined ? {} : { endpoint: a.device.endpoint }),
        identity: a.device?.identity ?? a.device?.endpoint ?? `right.${name}`,
        networks: a.device?.networks ?? [],
        pools: [],
        outsideMtu: a.device?.outsideMtu ?? 1500,
      });
      const deviceProof = (): SiteDeviceProof => ({
        room: a.left?.revocation === true,
        ownAuthority: args.device?.authority !== undefined,
        list: args.device?.authority === undefined || args.device.revocationList !== undefined,
        revoked: a.device?.revoked ?? false,
        revokedSerials: a.device?.revokedSerials ?? [],
      });
      const proves = args.authentication === "certificate" || a.device?.revoked === true || (a.device?.revokedSerials ?? []).length > 0;
      const revocation = (): SiteRevocation => ({
        room: { left: a.left?.revocation === true, right: a.right?.revocation === true },
        revoked: { left: a.leftRevoked ?? false, right: a.rightRevoked ?? false },
        revokedSerials: a.revokedSerials ?? [],
      });
      const revokes = a.leftRevoked === true || a.rightRevoked === true || (a.revokedSerials ?? []).length > 0;
      const itsBgp = kind === undefined || "none" in kind.bgp ? undefined : kind.bgp;
      // Words that are one of a few come as any string (Pulumi's schema has no unions); validateSite judges them.
      return {
        name,
        left: end("left"),
        right: end("right"),
        authentication: args.authentication ?? "psk",
        mode: a.mode ?? "route",
        version: a.device?.ike ?? profile.version,
        encapsulate: a.encapsulate ?? profile.encapsulate ?? false,
        anySelectors: profile.anySelectors ?? false,
        ikeLifetime: profile.ikeLifetime,
        childLifetime: profile.childLifetime,
        ...(a.device !== undefined && proves ? { deviceProof: deviceProof() } : {}),
        ...((a.device === undefined && args.authentication === "certificate") || revokes ? { revocation: revocation() } : {}),
        ...(a.routing === undefined || a.routing === "static" ? {} : { routing: a.routing, bgp: resolveBgp(name, a, itsBgp) }),
        ...(a.layerTwo === true ? { layerTwo: { link: a.bgp?.link ?? linkOf(name) } } : {}),
      } as SiteConnectionSpec;
    }));
}
