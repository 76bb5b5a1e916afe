import { network } from "../../addressing";
import { renderNft, type NamedSet, type Rule, type Table } from "../../formats/nft";
import { maximumSegmentSize } from "../../mtu";
import { speaksBgp } from "../bgp";
import { leastSiteMtu } from "../mtu";
import { siteInterface, siteInterfaces, siteNames } from "../names";
import type { SiteView } from "../spec";
import { bgpSets, neighbourRules, throughRules, withinRules } from "./bgpFirewall";

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
  const own = siteInterface(spec.name);
  const route = spec.mode === "route";
  const bgp = speaksBgp(view);
  // Any site interface, not this one alone: two connections may lead to the same site.
  const [from, to] = route ? [`iifname != "${siteInterfaces}"`, `oifname != "${siteInterfaces}"`] : ["meta ipsec missing", "rt ipsec missing"];
  const leaving = (rules: Rule[]): Rule[] => [...perFamily((ip, family) => `${ip} daddr @far${family} ${to} ${dropped}`), ...rules];
  const between = perFamily((ip, family) => `${ip} saddr @far${family} ${ip} daddr @near${family} accept`);
  const back = perFamily((ip, family) => `${ip} saddr @near${family} ${ip} daddr @far${family} accept`);
  const within = (direction: "i" | "o", rules: Rule[]) => rules.map(({ rule }) => ({ rule: `${direction}ifname "${own}" ${rule}` }));
  return {
    family: "inet",
    name: siteNames(spec.name).table,
    sets: [...sets("near", near.networks), ...sets("far", far.networks), ...(bgp ? bgpSets(view).flatMap(({ name, networks }) => sets(name, networks)) : [])],
    chains: [
      {
        name: "prerouting",
        hook: "type filter hook prerouting priority raw; policy accept;",
        rules: [
          { rule: 'iifname "lo" accept' },
          ...withWhy("The far site's addresses count only within a tunnel.", perFamily((ip, family) => `${ip} saddr @far${family} ${from} ${dropped}`)),
          ...(bgp ? withinRules(view) : []),
        ],
      },
      ...(bgp ? [{ name: "input", hook: "type filter hook input priority filter - 10; policy accept;", rules: neighbourRules(view) }] : []),
      {
        name: "output",
        hook: "type filter hook output priority filter; policy accept;",
        rules: [{ rule: 'oifname "lo" accept' }, ...withWhy("And nothing leaves for them in clear.", leaving([]))],
      },
      {
        name: "forward",
        hook: "type filter hook forward priority filter - 10; policy accept;",
        rules: [
          ...leaving([]),
          ...(bgp ? throughRules(view) : []),
          ...(route
            ? withWhy("Between the networks that are named, and no others.", [
                ...within("i", between),
                ...within("o", back),
                { rule: `iifname "${own}" ${dropped}` },
                { rule: `oifname "${own}" ${dropped}` },
              ])
            : withWhy(
                "Between the networks that are named, and no others.",
                perFamily((ip, family) => [`${ip} saddr @far${family} ${ip} daddr != @near${family} ${dropped}`, `${ip} daddr @far${family} ${ip} saddr != @near${family} ${dropped}`]),
              )),
        ],
      },
      {
        name: "clamp",
        hook: "type filter hook forward priority mangle; policy accept;",
        rules: withWhy("TCP segments that fit the tunnel, whoever begins.", route ? clampByRoute(own) : clampBySize(view)),
      },
    ],
  };
}

/** The interface's MTU is that of the tunnel as it stands; nft_rt takes the smaller of the way there and the way back. */
function clampByRoute(own: string): Rule[] {
  return ["iifname", "oifname"].map((side) => ({ rule: `${side} "${own}" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu` }));
}

function clampBySize({ spec }: SiteView): Rule[] {
  const mtu = leastSiteMtu(spec);
  return perFamily((ip, family) => ["saddr", "daddr"].map((side) => `${ip} ${side} @far${family} tcp flags & (syn | rst) == syn tcp option maxseg size set ${maximumSegmentSize(mtu, family)}`));
}

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
