import type { SiteProfileName } from "../profiles";
import type { SiteBgpTimers, SiteSecrets, SiteView } from "../spec";
import type { DeviceWords } from "./words";

/** One thing to do on a device: a file to write, or lines to enter. */
export interface DeviceStep {
  /** The file's path, or what is to be done. */
  title: string;
  text: string;
}

/** What the device's owner calls the things that the configuration names. */
export interface DeviceOptions {
  /** The device's interface towards the internet. @default the kind's usual one */
  outsideInterface?: string;
  /** The one towards its networks, where rules name it. @default the kind's usual one */
  insideInterface?: string;
  /** PEM of the authority that its certificate is of. @default the connection's */
  authority?: string;
  /** PEM of that authority's revocation list. @default none */
  revocationList?: string;
}

/** The other end's configuration, as its owner enters it; `view` is the connection as that end sees it. */
export type DeviceRenderer = (view: SiteView, secrets: SiteSecrets, options: DeviceOptions) => DeviceStep[];

/** How a kind of device speaks BGP, as far as its text says it. */
export interface DeviceBgp {
  /** Lengths of the link's prefix that it can have; the first is what is allotted. */
  linkPrefixes: readonly (30 | 31)[];
  /** Where its link may lie; the first is what is allotted from. @default 169.254.0.0/16, of which 169.254.64.0/18 */
  linksWithin?: readonly string[];
  /** Links that its maker keeps for itself. @default none */
  linksKept?: readonly string[];
  /** Has the device the lower of the two addresses, whatever is asked for? @default false: whichever is left */
  first?: boolean;
  /** Does its text set up BFD? */
  bfd: boolean;
  /** @default 3 and 9 s */
  timers?: SiteBgpTimers;
  /** Timers that it cannot have, and why. @default all are well */
  refusesTimers?: (timers: SiteBgpTimers) => string | undefined;
  /** AS numbers that it cannot have itself or cannot speak with, and why. @default all are well */
  refusesAs?: (as: number, whose: "device" | "gateway") => string | undefined;
  /** Where this is from. */
  source: string;
}

/** A kind of device that the library writes the configuration of. */
export interface DeviceKind {
  title: string;
  /** What both ends are set to unless something else is said, and whose selectors its text makes. */
  profile: SiteProfileName;
  render: DeviceRenderer;
  /** Its own words for the proposals; what has none it does not know. */
  words: DeviceWords;
  /** Is one suite all that it can be told for IKE, or for ESP? */
  oneSuite: { ike: boolean; esp: boolean };
  /** Where its text has IKEv1: the profile, and words of ESP that the device knows by IKEv2 alone. @default none */
  ikev1?: { profile: SiteProfileName; espLacks: readonly string[] };
  /** Has its text certificates? @default false */
  certificates?: boolean;
  /** What it may dial. */
  dials: "ipv4" | "ipv4OrName" | "anything";
  /** What it may call itself. */
  identity: "address" | "anything";
  /** Is its address known only once its text was run? @default false */
  addressLater?: boolean;
  /** Has its text IPv6 networks? @default false */
  inside6?: boolean;
  /** Has its text more than one network at an end? @default true */
  severalNetworks?: boolean;
  /** How it speaks BGP; `none`: its text holds none, and why. */
  bgp: DeviceBgp | { none: string };
  /** Its interface names, where it has any. */
  interfaces?: { outside?: string; inside?: string; pattern: RegExp };
  /** Which pre-shared keys it takes, and in words. */
  preSharedKey: { pattern: RegExp; says: string };
}

/** First lines of a text that nobody could try here. */
export function untried(view: SiteView, title: string): string {
  return `${heading(view)}\nWritten after the documents of ${title} and not run against the device: read it before you enter it.`;
}

export function heading({ spec, near, far }: SiteView): string {
  return `Site connection ${spec.name}: ${near.name} to ${far.name}. Written by pulumi-vpn-gateway.`;
}

/** @throws Error where there is none: certificates for devices are refused before. */
export function keyOf(view: SiteView, { preSharedKey }: SiteSecrets): string {
  if (!preSharedKey) throw new Error(`site ${view.spec.name}: no pre-shared key for the device`);
  return preSharedKey;
}

/** The gateway's endpoint; validation refuses a connection to a device without it unless the kind can wait to be dialled. */
export function gatewayEndpoint({ spec, far }: SiteView): string {
  if (far.endpoint === undefined) throw new Error(`site ${spec.name}: the gateway has no endpoint that the device could dial`);
  return far.endpoint;
}

/** Seconds after which the device's keys end: later than ours, so that the gateway begins. */
export function deviceLifetimes({ spec }: SiteView): { ike: number; child: number } {
  return { ike: Math.min(86_400, spec.ikeLifetime + 3600), child: spec.childLifetime + 600 };
}
