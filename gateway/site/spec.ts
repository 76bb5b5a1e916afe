/**
 * A tunnel between two sites as plain data: every input resolved, every default filled in. `validate.ts` judges it,
 * `parts.ts` turns it into what each gateway gets, `devices/` into text for a device that is not ours.
 */

/**
 * `route`: an interface of its own, and routes decide what goes into the tunnel; `policy`: the kernel's IPsec policies
 * do, for peers that know only that.
 */
export const siteModes = ["route", "policy"] as const;
export type SiteMode = (typeof siteModes)[number];

/** How the two ends prove who they are: by a key that both have, or by certificates of one private authority. */
export const siteAuthentications = ["psk", "certificate"] as const;
export type SiteAuthentication = (typeof siteAuthentications)[number];

/**
 * Who says which networks are behind an end: `static`, the connection's own description; `bgp`, the two ends tell each
 * other, within what the description lets them.
 */
export const siteRoutings = ["static", "bgp"] as const;
export type SiteRouting = (typeof siteRoutings)[number];

/** One end of a BGP session. */
export interface SiteBgpEnd {
  /** Does its gateway run FRR? Of a device nobody asks. */
  room: boolean;
  /** AS number, 4 bytes. 0: that of a device, which was not given. */
  as: number;
  /** IPv4 notation, not 0.0.0.0; the same in all sessions of a gateway. */
  routerId: string;
  /** 1–1000: of two gateways that have the same networks behind them, others take the one with more. */
  preference: number;
}

export interface SiteBgpTimers {
  keepalive: number;
  hold: number;
}

/** How the two ends tell each other their networks. */
export interface SiteBgpSpec {
  left: SiteBgpEnd;
  right: SiteBgpEnd;
  /** The link's own network of IPv4 link-local addresses: a /31 (RFC 3021), or towards a device that has no such a /30. */
  link: string;
  /** Which of the link's two addresses the left end has. @default the first */
  leftAddress?: string;
  /** Milliseconds between two packets of BFD; three that do not come are a dead link. 0: no BFD, and BGP's own hold time. */
  bfdInterval: number;
  /** Seconds between two words of BGP, and after which a silent neighbour is gone (RFC 4271, 4.2). @default 3 and 9 */
  timers?: SiteBgpTimers;
  /** Networks that may be reached through the other end without being its own: a mesh's whole space. Empty: none. */
  transit: string[];
  /** Networks that both ends have behind them: neither is told of them by the other. @default none */
  shared?: string[];
  /** As many prefixes a family the other end may announce, refused ones counted, before the session is shut. */
  mostPrefixes: number;
}

/** What an end offers or accepts, in swanctl's notation, in order of preference. */
export interface SiteProposals {
  ike: string[];
  esp: string[];
}

/**
 * `pair`: two machines, of which the active one alone has the tunnel; `member`: one machine of a pair by itself, whoever is
 * active. See gateway/pair.ts.
 */
export type SiteMachines = "pair" | "member";

/** One end of a connection. */
export interface SiteEndSpec {
  /** Name of the gateway or device, for comments and messages. */
  name: string;
  /** Is it a gateway of ours that makes room for site connections, one that does not, or somebody's device? */
  kind: "gateway" | "closedGateway" | "device";
  /** Of a gateway. @default "debian13" */
  platform?: string;
  /** IPv4 or IPv6 address or DNS name that the other end dials; none: it changes, and this end dials. */
  endpoint?: string;
  /** IKE identity: a DNS-like name, or an IP address. */
  identity: string;
  /** Networks behind this end, IPv4 or IPv6 CIDR. */
  networks: string[];
  /** Client pools of this end's gateway: no network of the connection may overlap them. */
  pools: string[];
  /** MTU of its link to the outside, in bytes (1280–9216). */
  outsideMtu: number;
  proposals: SiteProposals;
  /** None: a gateway by itself, or a device. */
  machines?: SiteMachines;
  /** With `machines`: the IPv4 address that each machine's IKE speaks from, of its several. Of a pair two, which may be the same. */
  localAddresses?: string[];
}

/** How a gateway judges the certificate of a device. */
export interface SiteDeviceProof {
  /** Does the gateway look at revocation lists? */
  room: boolean;
  /** Is it of an authority of the device's own, rather than of the connection's? */
  ownAuthority: boolean;
  /** Is there a list of what is revoked? Then it must be there, and not be over. */
  list: boolean;
  /** Does the certificate that the stack made for the device hold no longer? */
  revoked: boolean;
  /** Serial numbers (hexadecimal) of others that do not. */
  revokedSerials: string[];
}

/** Which certificates of a connection's own authority hold no longer, between two gateways. */
export interface SiteRevocation {
  /** Does the end's gateway look at revocation lists? */
  room: Record<Side, boolean>;
  /** Does the certificate that the end has now hold no longer? */
  revoked: Record<Side, boolean>;
  /** Serial numbers (hexadecimal) of others that do not. */
  revokedSerials: string[];
}

/** A connection between two sites. */
export interface SiteConnectionSpec {
  /** Lower-case DNS label of at most 40 characters; another than any other connection's on either gateway. */
  name: string;
  left: SiteEndSpec;
  right: SiteEndSpec;
  authentication: SiteAuthentication;
  mode: SiteMode;
  /** IKE version. 1 only for a device that has nothing else. */
  version: 1 | 2;
  /** Carry ESP within UDP 4500 even where there is no NAT: for networks that drop ESP. */
  encapsulate: boolean;
  /** Do both ends agree on all traffic rather than on the networks? For route-based devices that propose nothing else. */
  anySelectors: boolean;
  /** Seconds until an IKE SA and a child SA get new keys. */
  ikeLifetime: number;
  childLifetime: number;
  /** With `authentication: "certificate"` and a device. */
  deviceProof?: SiteDeviceProof;
  /** With `authentication: "certificate"` and two gateways. */
  revocation?: SiteRevocation;
  /** @default static */
  routing?: SiteRouting;
  /** With `routing: "bgp"`. */
  bgp?: SiteBgpSpec;
  /**
   * Room for a layer-2 extension over it (gateway/layer2/): the two gateways have addresses of their own on the link, a /31 as
   * BGP's, which the child SA carries beside the networks.
   */
  layerTwo?: { link: string };
}

export type Side = "left" | "right";

/** What one end has to hide. */
export interface SiteSecrets {
  preSharedKey?: string;
  /** PEM: this end's certificate and key, and the authority that the other end's certificate is of. */
  certificate?: string;
  privateKey?: string;
  authority?: string;
  /** PEM: which certificates of that authority hold no longer. Not secret. */
  revocationList?: string;
}

/** A connection as one of its ends sees it. */
export interface SiteView {
  spec: SiteConnectionSpec;
  side: Side;
  near: SiteEndSpec;
  far: SiteEndSpec;
  /** Does this end dial at once? The other one dials only after some seconds without a tunnel, if it can. */
  dialsFirst: boolean;
  /** What the machine's IKE speaks from; none: whichever of its addresses the way to the far end has. */
  localAddress?: string;
}

/** @param machine which of the two, where that end is a pair */
export function viewFrom(spec: SiteConnectionSpec, side: Side, machine: 1 | 2 = 1): SiteView {
  const first: Side = spec.right.endpoint === undefined ? "right" : "left";
  const localAddress = spec[side].localAddresses?.[machine - 1];
  return { spec, side, near: spec[side], far: spec[otherSide(side)], dialsFirst: side === first, ...(localAddress === undefined ? {} : { localAddress }) };
}

/** Is the tunnel that of whichever machine is active? */
export function followsActive({ machines }: SiteEndSpec): boolean {
  return machines === "pair";
}

/** Does this end let nobody in without the list of what is revoked? */
export function needsList({ spec, side }: SiteView): boolean {
  return spec.deviceProof?.list === true || (spec.authentication === "certificate" && spec.revocation?.room[side] === true);
}

export function otherSide(side: Side): Side {
  return side === "left" ? "right" : "left";
}
