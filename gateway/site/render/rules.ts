import { network } from "../../addressing";
import type { Chain, NamedSet, Rule, SharedElement, SharedElements } from "../../formats/nft";

/** What begins a connection, and its answer: RFC 9293, 3.7.1. */
export const segments = "tcp flags & (syn | rst) == syn";

/** What a packet loses its way by. */
export const dropped = "counter drop";
export const told = "counter reject with icmpx no-route";

export const families = [["ip", 4], ["ip6", 6]] as const;

/** Names of the sets and maps that each connection has its elements in. */
export const shared = {
  /** Networks of far sites that a tunnel's interface leads to. */
  far: (family: 4 | 6) => `far${family}`,
  /** Networks of far sites whose tunnels are policies. */
  policyFar: (family: 4 | 6) => `policy_far${family}`,
  /** Far ends of links, and which interface each is at. */
  ends: "ends",
  links: "links",
  /** Of connections whose far end passes on what lies beyond it. */
  near: (family: 4 | 6) => `near${family}`,
  here: (family: 4 | 6) => `here${family}`,
  beyond: (family: 4 | 6) => `beyond${family}`,
  /** By the tunnel's interface. */
  within: "within",
  neighbours: "neighbours",
  inwards: "inwards",
  outwards: "outwards",
  /** By the far site's address, where a tunnel has no interface. */
  policyFrom: (family: 4 | 6) => `policy_from${family}`,
  policyTo: (family: 4 | 6) => `policy_to${family}`,
} as const;

/** A connection's share of the firewall, without the names of the table's sets that it fills. */
export interface SiteRules {
  sets: NamedSet[];
  chains: Chain[];
  elements: SharedElements[];
}

export function networkElements(set: (family: 4 | 6) => string, networks: readonly string[], more: Partial<SharedElement> = {}): SharedElements[] {
  return ([4, 6] as const).map((family) => ({ set: set(family), elements: ofFamily(networks, family).map((address) => ({ address, ...more })) }));
}

export function sets(name: string, networks: readonly string[]): NamedSet[] {
  return [
    { name: `${name}4`, type: "ipv4_addr", elements: ofFamily(networks, 4) },
    { name: `${name}6`, type: "ipv6_addr", elements: ofFamily(networks, 6) },
  ];
}

function ofFamily(networks: readonly string[], family: 4 | 6): string[] {
  return networks.map(network).filter((one) => one.family === family).map(({ text }) => text);
}

export function perFamily(rule: (ip: "ip" | "ip6", family: 4 | 6) => string | string[]): Rule[] {
  return families.flatMap(([ip, family]) => [rule(ip, family)].flat().map((text) => ({ rule: text })));
}
