import { network } from "../../addressing";
import { renderNft, type Chain, type NamedSet, type Rule, type Table } from "../../formats/nft";
import { maximumSegmentSize } from "../../mtu";
import { speaksBgp } from "../bgp";
import { leastSiteMtu } from "../mtu";
import { siteInterface, siteInterfaces, siteNames } from "../names";
import type { SiteView } from "../spec";
import { bgpSets, neighbourRules, outOfTunnel, throughRules, withinRules } from "./bgpFirewall";

const dropped = "counter drop";
const families = [["ip", 4], ["ip6", 6]] as const;

/**
 * A connection's own table: what it drops stays dropped, whatever the gateway's other tables accept. The far site's
 * addresses count only within a tunnel, in each direction; between the two sites only the networks that are named pass.
 */
export function renderSiteFirewall(view: SiteView): string {
  const { spec, near, far } = view;
  return renderNft(siteTable(view), `Firewall of the site connection ${spec.name}: ${near.name} to ${far.name}. Written by pulumi-vpn-gateway.`);
}

function siteTable(view: SiteView): Table {
  const { spec, near, far } = view;
  const route = spec.mode === "route";
  const bgp = speaksBgp(view);
  // Any site interface, not this one alone: two connections may lead to the same site.
  const [from, to] = route ? [`iifname != "${siteInterfaces}"`, `oifname != "${siteInterfaces}"`] : ["meta ipsec missing", "rt ipsec missing"];
  const leaving = (also = "") => perFamily((ip, family) => `${ip} daddr @far${family} ${also}${to} ${dropped}`);
  return {
    family: "inet",
    name: siteNames(spec.name).table,
    sets: [...sets("near", near.networks), ...sets("far", far.networks), ...(bgp ? bgpSets(view).flatMap(({ name, networks }) => sets(name, networks)) : [])],
    chains: [
      {
        name: "prerouting",
        hook: "type filter hook prerouting priority raw; policy accept;",
        rules: [
          ...withWhy("The far site's addresses count only within a tunnel.", perFamily((ip, family) => `${ip} saddr @far${family} iifname != "lo" ${from} ${dropped}`)),
          ...(bgp ? outOfTunnel(view) : []),
        ],
      },
      ...(bgp ? [{ name: "within", rules: withinRules(view) }] : []),
      ...(bgp ? [{ name: "input", hook: "type filter hook input priority filter - 10; policy accept;", rules: neighbourRules(view) }] : []),
      {
        name: "output",
        hook: "type filter hook output priority filter; policy accept;",
        rules: withWhy("And nothing leaves for them in clear.", leaving('oifname != "lo" ')),
      },
      ...(route ? forwardByRoute(view, leaving()) : forwardByPolicy(view, leaving())),
    ],
  };
}

/**
 * Every packet that a gateway forwards comes by here, once for each connection: what has nothing to do with this one is
 * through after a few rules, and what belongs to it is judged in a chain for each direction.
 */
function forwardByRoute(view: SiteView, leaving: Rule[]): Chain[] {
  const own = siteInterface(view.spec.name);
  const through = speaksBgp(view) ? throughRules(view) : { clear: [], inwards: [], outwards: [] };
  const clamp: Rule = { rule: `${segments} jump clamp` };
  return [
    {
      name: "forward",
      hook: "type filter hook forward priority filter - 10; policy accept;",
      rules: [
        { rule: `iifname "${own}" goto inwards` },
        { rule: `oifname "${own}" goto outwards` },
        ...withWhy("The far site is reached through a tunnel, or not at all.", leaving),
        ...through.clear,
      ],
    },
    {
      name: "inwards",
      rules: [
        clamp,
        // What two sites share lies at both ends.
        ...(view.spec.bgp?.shared?.length ? leaving : []),
        ...withWhy("Between the networks that are named, and no others.", perFamily((ip, family) => `${ip} saddr @far${family} ${ip} daddr @near${family} accept`)),
        ...through.inwards,
        { rule: dropped },
      ],
    },
    {
      name: "outwards",
      rules: [clamp, ...perFamily((ip, family) => `${ip} saddr @near${family} ${ip} daddr @far${family} accept`), ...through.outwards, { rule: dropped }],
    },
    {
      name: "clamp",
      // The interface's MTU is that of the tunnel as it stands; nft_rt takes the smaller of the way there and the way back.
      rules: [{ rule: "tcp option maxseg size set rt mtu", why: "TCP segments that fit the tunnel, whoever begins." }],
    },
  ];
}

function forwardByPolicy({ spec }: SiteView, leaving: Rule[]): Chain[] {
  const mtu = leastSiteMtu(spec);
  return [
    {
      name: "forward",
      hook: "type filter hook forward priority filter - 10; policy accept;",
      rules: [
        ...leaving,
        ...withWhy(
          "Between the networks that are named, and no others.",
          perFamily((ip, family) => [`${ip} saddr @far${family} ${ip} daddr != @near${family} ${dropped}`, `${ip} daddr @far${family} ${ip} saddr != @near${family} ${dropped}`]),
        ),
        { rule: `${segments} jump clamp` },
      ],
    },
    {
      name: "clamp",
      rules: withWhy(
        "TCP segments that fit the tunnel, whoever begins.",
        perFamily((ip, family) => ["saddr", "daddr"].map((side) => `${ip} ${side} @far${family} tcp option maxseg size set ${maximumSegmentSize(mtu, family)}`)),
      ),
    },
  ];
}

/** What begins a connection, and its answer: RFC 9293, 3.7.1. */
const segments = "tcp flags & (syn | rst) == syn";

function perFamily(rule: (ip: "ip" | "ip6", family: 4 | 6) => string | string[]): Rule[] {
  return families.flatMap(([ip, family]) => [rule(ip, family)].flat().map((text) => ({ rule: text })));
}

function sets(name: string, networks: readonly string[]): NamedSet[] {
  const of = (family: 4 | 6) => networks.map(network).filter((one) => one.family === family).map(({ text }) => text);
  return [
    { name: `${name}4`, type: "ipv4_addr", elements: of(4) },
    { name: `${name}6`, type: "ipv6_addr", elements: of(6) },
  ];
}

function withWhy(why: string, rules: Rule[]): Rule[] {
  return rules.map((rule, index) => (index === 0 ? { ...rule, why } : rule));
}
