import { createHash } from "crypto";
import { formatAddress, network, parseAddress, parseNetwork, type Network } from "../addressing";
import type { SiteBgpEnd, SiteBgpTimers, SiteConnectionSpec, SiteView } from "./spec";

/** RFC 6996: AS numbers for private use, of 2 and of 4 bytes. */
const privateRanges = [[64_512, 65_534], [4_200_000_000, 4_294_967_294]] as const;
/** RFC 7607, RFC 6793 (AS_TRANS), RFC 5398 (documentation), RFC 7300: nobody's. */
const nobodys = [[0, 0], [23_456, 23_456], [64_496, 64_511], [65_535, 65_551], [4_294_967_295, 4_294_967_295]] as const;

/** Whose an AS number is: of a private range, of somebody who registered it, or nobody's. */
export function kindOfAs(as: number): "private" | "public" | "none" {
  if (!Number.isInteger(as) || as < 0 || as > 0xffffffff) return "none";
  const within = (ranges: readonly (readonly [number, number])[]) => ranges.some(([first, last]) => first <= as && as <= last);
  return within(nobodys) ? "none" : within(privateRanges) ? "private" : "public";
}

/**
 * A private AS number for a gateway by its name alone, out of 94,967,295: whoever else comes or goes, it stays the same.
 * Two names get the same one in about one mesh of a hundred gateways out of twenty thousand; that is refused, and one of
 * them is told its own.
 */
export function asOf(gateway: string): number {
  const [first, last] = privateRanges[1];
  return first + (digest(`as ${gateway}`) % (last - first + 1));
}

/** The gateway's IPv4 endpoint, else 32 bits of a digest: the same in all its sessions, another than its neighbours'. */
export function routerIdOf(gateway: string, endpoint: string): string {
  if (parseAddress(endpoint)?.family === 4) return endpoint;
  return formatAddress({ family: 4, value: BigInt(digest(`router ${gateway} ${endpoint}`) || 1) });
}

/** Inside addresses of all links: 8,192 times two, none of those that clouds keep for themselves (169.254.169.0/24 and below 169.254.64.0). */
export const linkRange = "169.254.64.0/18";
const links = 8192;

/** Where a connection's link is looked for first, by its name alone; `after` that many that others have. */
export function linkOf(connection: string, after = 0): string {
  const number = (digest(`link ${connection}`) + after) % links;
  return `${formatAddress({ family: 4, value: network(linkRange).first + 2n * BigInt(number) })}/31`;
}

/**
 * A link for each connection, no two the same. Those that stand before a connection in the list decide about its own
 * link, those after it never do: one more at the end changes none.
 *
 * @throws Error if there are more than 8,192.
 */
export function allotLinks(connections: readonly string[]): string[] {
  if (connections.length > links) throw new Error(`${connections.length} connections, and ${linkRange} has room for ${links}`);
  const taken = new Set<string>();
  return connections.map((name) => {
    let after = 0;
    while (taken.has(linkOf(name, after))) after++;
    taken.add(linkOf(name, after));
    return linkOf(name, after);
  });
}

/** The same for a link of another size or within another range: towards a device that wants one. */
export function linkWithin(connection: string, range: string, prefix: 30 | 31): string {
  const { first, last } = network(range);
  const size = 1n << BigInt(32 - prefix);
  const number = BigInt(digest(`link ${connection}`)) % ((last - first + 1n) / size);
  return `${formatAddress({ family: 4, value: first + size * number })}/${prefix}`;
}

/** The two addresses of a /31, or the two of a /30 that are hosts'; undefined for what is neither. */
export function addressesOfLink(link: string): [string, string] | undefined {
  const parsed = parseNetwork(link);
  if (parsed === undefined || parsed.family !== 4 || (parsed.prefix !== 31 && parsed.prefix !== 30)) return undefined;
  const lower = parsed.first + (parsed.prefix === 30 ? 1n : 0n);
  return [formatAddress({ family: 4, value: lower }), formatAddress({ family: 4, value: lower + 1n })];
}

/** Length of the prefix of a connection's link. */
export function linkPrefix({ spec }: Pick<SiteView, "spec">): number {
  return network(linkOfSpec(spec)).prefix;
}

function linkOfSpec(spec: SiteConnectionSpec): string {
  return (spec.bgp?.link ?? spec.layerTwo?.link)!;
}

/** Of a private network (RFC 4193) of our own, whose last 32 bits are the IPv4 address of the same end. */
const sixth = 0xfd767067n << 96n;

/** One end's addresses on the link. */
export interface LinkAddresses {
  ipv4: string;
  ipv6: string;
}

export function linkAddresses({ spec, side }: Pick<SiteView, "spec" | "side">): { near: LinkAddresses; far: LinkAddresses } {
  const at = (ipv4: string): LinkAddresses => ({ ipv4, ipv6: formatAddress({ family: 6, value: sixth + parseAddress(ipv4)!.value }) });
  const [first, second] = addressesOfLink(linkOfSpec(spec))!;
  const [left, right] = (spec.bgp?.leftAddress === second ? [second, first] : [first, second]).map(at);
  return side === "left" ? { near: left, far: right } : { near: right, far: left };
}

/** The session as `near` sees it. */
export function bgpEnds({ spec, side }: SiteView): { near: SiteBgpEnd; far: SiteBgpEnd } {
  const { left, right } = spec.bgp!;
  return side === "left" ? { near: left, far: right } : { near: right, far: left };
}

/** Does it speak BGP? */
export function speaksBgp({ spec }: Pick<SiteView, "spec">): boolean {
  return spec.routing === "bgp" && spec.bgp !== undefined;
}

/** BGP's timers where nothing else is said: for where there is no BFD. */
export const usualTimers: SiteBgpTimers = { keepalive: 3, hold: 9 };

export function timersOf({ spec }: Pick<SiteView, "spec">): SiteBgpTimers {
  return spec.bgp?.timers ?? usualTimers;
}

/** Is one end somebody's device? BGP with such a one is of IPv4 alone. */
export function toDevice({ left, right }: SiteConnectionSpec): boolean {
  return left.kind === "device" || right.kind === "device";
}

export function ofFamily(texts: readonly string[], family: 4 | 6): Network[] {
  return texts.map(network).filter((one) => one.family === family);
}

function digest(text: string): number {
  return parseInt(createHash("sha256").update(`pulumi-vpn-gateway ${text}`).digest("hex").slice(0, 8), 16);
}
