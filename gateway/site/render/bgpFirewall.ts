import type { Rule } from "../../formats/nft";
import { linkAddresses, toDevice } from "../bgp";
import { siteInterface, siteInterfaces } from "../names";
import type { SiteView } from "../spec";

const dropped = "counter drop";
const told = "counter reject with icmpx no-route";
const families = [["ip", 4], ["ip6", 6]] as const;
/** A router in between says with these that a packet does not pass: RFC 1191, RFC 8201. Its own address is of a link. */
const aboutPackets = { ip: "icmp type { destination-unreachable, time-exceeded, parameter-problem }", ip6: "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }" } as const;
const linkLocal = { ip: "169.254.0.0/16", ip6: "fd76:7067::/96" } as const;

/** Sets that BGP needs beside `near` and `far`: whoever is at home here, and what may lie beyond the far end. */
export function bgpSets({ spec, near }: SiteView): { name: string; networks: string[] }[] {
  return [
    { name: "here", networks: [...near.networks, ...near.pools, ...(spec.bgp!.shared ?? [])] },
    { name: "beyond", networks: spec.bgp!.transit },
  ];
}

/**
 * The child SA lets every address through, since what is learned is not known beforehand: so what may come out of the
 * tunnel is decided here, before anything else looks at it.
 */
export function outOfTunnel(view: SiteView): Rule[] {
  const own = siteInterface(view.spec.name);
  const { far } = linkAddresses(view);
  return [
    { rule: `ip saddr ${far.ipv4} iifname != "${own}" ${dropped}`, why: "The far end's address on the link counts on the link alone." },
    { rule: `iifname "${own}" goto within` },
  ];
}

/** Of what came out of this connection's tunnel. */
export function withinRules(view: SiteView): Rule[] {
  const { far } = linkAddresses(view);
  return withWhy("Out of the tunnel come the far site's addresses, and what may lie beyond it; ours never do.", [
    ...families.map(([ip, family]) => ({ rule: `${ip} saddr @here${family} ${dropped}` })),
    ...families.map(([ip, family]) => ({ rule: `${ip} saddr @far${family} accept` })),
    { rule: `ip saddr ${far.ipv4} accept` },
    ...(toDevice(view.spec) ? [] : [{ rule: `ip6 saddr ${far.ipv6} accept` }]),
    ...families.map(([ip]) => ({ rule: `${ip} saddr ${linkLocal[ip]} ${aboutPackets[ip]} accept` })),
    ...families.map(([ip, family]) => ({ rule: `${ip} saddr != @beyond${family} ${dropped}` })),
  ]);
}

/** BGP and BFD on this connection's interface from its neighbour alone. */
export function neighbourRules(view: SiteView): Rule[] {
  const own = `iifname "${siteInterface(view.spec.name)}"`;
  const { near, far } = linkAddresses(view);
  return [
    { rule: `${own} ip saddr ${far.ipv4} ip daddr ${near.ipv4} accept`, why: "On the link speaks the neighbour, and nobody else." },
    { rule: `${own} meta l4proto { tcp, udp } th dport { 179, 3784, 3785, 4784 } ${dropped}` },
  ];
}

/** Through this gateway from one site to another, and through the far end to others, where the mesh lets it. */
export function throughRules(view: SiteView): Record<"clear" | "inwards" | "outwards", Rule[]> {
  const errors = withWhy("A gateway on the way says that a packet does not pass.", families.map(([ip]) => ({ rule: `${ip} saddr ${linkLocal[ip]} ${aboutPackets[ip]} accept` })));
  if (view.spec.bgp!.transit.length === 0) return { clear: [], inwards: errors, outwards: errors };
  const accepted = (rule: (ip: "ip" | "ip6", family: 4 | 6) => string[]): Rule[] => families.flatMap(([ip, family]) => rule(ip, family).map((text) => ({ rule: `${text} accept` })));
  return {
    clear: withWhy(
      "What lies beyond is reached through tunnels, never in clear: where no way is known, the host is told.",
      families.map(([ip, family]) => ({ rule: `${ip} saddr @near${family} ${ip} daddr @beyond${family} ${ip} daddr != @here${family} oifname != "${siteInterfaces}" ${told}` })),
    ),
    inwards: [
      ...errors,
      ...withWhy(
        "From other sites by way of the far end, and through this gateway from tunnel to tunnel.",
        accepted((ip, family) => [`${ip} saddr @beyond${family} ${ip} daddr @near${family}`, `oifname "${siteInterfaces}" ${ip} saddr @beyond${family} ${ip} daddr @beyond${family}`]),
      ),
    ],
    outwards: [
      ...errors,
      ...withWhy(
        "To other sites by way of the far end, and through this gateway from tunnel to tunnel.",
        accepted((ip, family) => [`${ip} saddr @near${family} ${ip} daddr @beyond${family}`, `iifname "${siteInterfaces}" ${ip} saddr @beyond${family} ${ip} daddr @beyond${family}`]),
      ),
    ],
  };
}

function withWhy(why: string, rules: Rule[]): Rule[] {
  return rules.map((rule, index) => (index === 0 ? { ...rule, why } : rule));
}
