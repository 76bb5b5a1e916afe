import { withWhy, type Rule } from "../../formats/nft";
import { linkAddresses, toDevice } from "../bgp";
import { siteInterface, siteInterfaces, siteNames } from "../names";
import type { SiteView } from "../spec";
import { dropped, families, networkElements, perFamily, sets, shared, type SiteRules } from "./rules";

/** A router in between says with these that a packet does not pass: RFC 1191, RFC 8201. Its own address is of a link. */
const aboutPackets = { ip: "icmp type { destination-unreachable, time-exceeded, parameter-problem }", ip6: "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }" } as const;
const linkLocal = { ip: "169.254.0.0/16", ip6: "fd76:7067::/96" } as const;

/** What BGP needs beside the two sites' networks: whoever is at home here, what may lie beyond the far end, and the link. */
export function bgpShare(view: SiteView): SiteRules {
  const { spec, near } = view;
  const { rules } = siteNames(spec.name);
  const own = siteInterface(spec.name);
  const { far } = linkAddresses(view);
  const here = [...near.networks, ...near.pools, ...(spec.bgp!.shared ?? [])];
  const { transit } = spec.bgp!;
  return {
    sets: [...sets(`${rules}_here`, here), ...sets(`${rules}_beyond`, transit)],
    chains: [
      { name: `${rules}_within`, rules: withinRules(view) },
      { name: `${rules}_neighbours`, rules: neighbourRules(view) },
    ],
    elements: [
      { set: shared.ends, elements: [{ address: far.ipv4 }] },
      { set: shared.links, elements: [{ address: far.ipv4, interface: own }] },
      { set: shared.within, elements: [{ interface: own, verdict: { how: "goto", chain: `${rules}_within` } }] },
      { set: shared.neighbours, elements: [{ interface: own, verdict: { how: "goto", chain: `${rules}_neighbours` } }] },
      ...(transit.length === 0 ? [] : [...networkElements(shared.near, near.networks), ...networkElements(shared.here, here), ...networkElements(shared.beyond, transit)]),
    ],
  };
}

/**
 * The child SA lets every address through, since what is learned is not known beforehand: so what may come out of the
 * tunnel is decided here, before anything else looks at it.
 */
function withinRules(view: SiteView): Rule[] {
  const { rules } = siteNames(view.spec.name);
  const { far } = linkAddresses(view);
  return withWhy("Out of the tunnel come the far site's addresses, and what may lie beyond it; ours never do.", [
    ...perFamily((ip, family) => `${ip} saddr @${rules}_here${family} ${dropped}`),
    ...perFamily((ip, family) => `${ip} saddr @${rules}_far${family} accept`),
    { rule: `ip saddr ${far.ipv4} accept` },
    ...(toDevice(view.spec) ? [] : [{ rule: `ip6 saddr ${far.ipv6} accept` }]),
    ...families.map(([ip]) => ({ rule: `${ip} saddr ${linkLocal[ip]} ${aboutPackets[ip]} accept` })),
    ...perFamily((ip, family) => `${ip} saddr != @${rules}_beyond${family} ${dropped}`),
  ]);
}

/** BGP and BFD on this connection's interface from its neighbour alone. */
function neighbourRules(view: SiteView): Rule[] {
  const { near, far } = linkAddresses(view);
  return [
    { rule: `ip saddr ${far.ipv4} ip daddr ${near.ipv4} accept`, why: "On the link speaks the neighbour, and nobody else." },
    { rule: `meta l4proto { tcp, udp } th dport { 179, 3784, 3785, 4784 } ${dropped}` },
  ];
}

/** Through this gateway from one site to another, and through the far end to others, where the mesh lets it. */
export function throughRules({ spec }: SiteView): Record<"inwards" | "outwards", Rule[]> {
  const { rules } = siteNames(spec.name);
  const errors = (verdict: string) => withWhy("A gateway on the way says that a packet does not pass.", families.map(([ip]) => ({ rule: `${ip} saddr ${linkLocal[ip]} ${aboutPackets[ip]} ${verdict}` })));
  if (spec.bgp!.transit.length === 0) return { inwards: errors("return"), outwards: errors("accept") };
  return {
    inwards: [
      ...errors("return"),
      ...withWhy(
        "From other sites by way of the far end, and through this gateway from tunnel to tunnel.",
        perFamily((ip, family) => [
          `${ip} saddr @${rules}_beyond${family} ${ip} daddr @${rules}_near${family} return`,
          `oifname "${siteInterfaces}" ${ip} saddr @${rules}_beyond${family} ${ip} daddr @${rules}_beyond${family} return`,
        ]),
      ),
    ],
    outwards: [
      ...errors("accept"),
      ...withWhy(
        "To other sites by way of the far end, and through this gateway from tunnel to tunnel.",
        perFamily((ip, family) => [
          `${ip} saddr @${rules}_near${family} ${ip} daddr @${rules}_beyond${family} accept`,
          `iifname "${siteInterfaces}" ${ip} saddr @${rules}_beyond${family} ${ip} daddr @${rules}_beyond${family} accept`,
        ]),
      ),
    ],
  };
}
