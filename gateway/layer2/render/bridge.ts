import { network } from "../../addressing";
import { withWhy, type Chain, type LiveSet, type NamedSet, type Rule, type Table } from "../../formats/nft";
import { maximumSegmentSize } from "../../mtu";
import { leastLayerTwoMtu } from "../mtu";
import { bridgeInterface, layerTwoNames, tunnelPorts } from "../names";
import type { LayerTwoSpec, LayerTwoView } from "../spec";
import { stationSeconds } from "./description";

/** Why a frame was dropped: counters that `vpn-gateway status` reads. */
export const layerTwoCounters = ["control", "loop", "neighbour", "gateway", "storm", "stations"] as const;
const refused = (why: (typeof layerTwoCounters)[number]) => `counter name ${why} drop`;

/** Group bit of an address: nobody's own (802.3, 3.2.3). */
const isGroup = (side: "saddr" | "daddr") => `ether ${side} & 01:00:00:00:00:00 == 01:00:00:00:00:00`;

/**
 * The frames of one bridge. Before anything is learned of them, those that come from beyond pass the guards; those that go
 * there pass them where the bridge has chosen its port. Which VLAN a port has is not said here: the bridge's own filter does.
 */
export function bridgeTable(view: LayerTwoView): Table {
  const { spec } = view;
  return {
    family: "bridge",
    name: layerTwoNames(spec.name).table,
    sets: constantSets(spec),
    live: liveSets(spec),
    counters: layerTwoCounters,
    chains: [
      arriving(view),
      fromBeyond(spec),
      fromHere(spec),
      leaving(view),
      { name: "neighbours", rules: spec.neighbourGuard ? neighbours(spec) : [] },
      { name: "gateways", rules: spec.localGateways.length > 0 ? gateways() : [] },
      ...(spec.fragment ? [] : [clamp(view)]),
    ],
  };
}

function constantSets(spec: LayerTwoSpec): NamedSet[] {
  const pair = (name: string, texts: readonly string[], more6: readonly string[] = []): NamedSet[] => [
    { name: `${name}4`, type: "ipv4_addr", elements: texts.filter((text) => !text.includes(":")) },
    { name: `${name}6`, type: "ipv6_addr", elements: [...texts.filter((text) => text.includes(":")), ...more6] },
  ];
  return [
    ...(spec.addresses.length > 0 ? pair("segment", spec.addresses.map((text) => network(text).text), ["fe80::/10"]) : []),
    ...(spec.localGateways.length > 0 ? pair("own", spec.localGateways) : []),
  ];
}

/** Filled by the frames themselves; full, they take no more, and who is in none of them does not pass. */
function liveSets({ mostStations: size, homeSeconds, neighbourGuard }: LayerTwoSpec): LiveSet[] {
  const stations = (name: string, timeout: number): LiveSet => ({ name, key: "ether_addr", timeout, size });
  return [
    stations("here", stationSeconds),
    stations("beyond", stationSeconds),
    ...(homeSeconds > 0 ? [stations("home", homeSeconds)] : []),
    ...(homeSeconds > 0 && neighbourGuard
      ? (["home4", "home6", "away4", "away6"] as const).map((name): LiveSet => ({ name, key: `ipv${name.slice(-1)}_addr`, timeout: homeSeconds, size }))
      : []),
  ];
}

function arriving({ spec }: LayerTwoView): Chain {
  return {
    name: "arriving",
    hook: "type filter hook prerouting priority filter; policy accept;",
    rules: [
      { rule: `meta ibrname != "${bridgeInterface(spec.name)}" accept`, why: "Other bridges are others' business." },
      {
        rule: `ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 ${refused("control")}`,
        why: "BPDUs of spanning trees, LACP, LLDP and pause frames end at the port (802.1Q, 8.6.3), and Cisco's of the same kinds.",
      },
      { rule: `ether daddr { 01:00:0c:cc:cc:cc, 01:00:0c:cc:cc:cd } ${refused("control")}` },
      { rule: `${isGroup("saddr")} ${refused("control")}`, why: "Nobody has such an address." },
      { rule: `iifname "${tunnelPorts(spec.name)}*" goto from_beyond` },
      { rule: "goto from_here" },
    ],
  };
}

function fromBeyond(spec: LayerTwoSpec): Chain {
  const guarded = spec.neighbourGuard && spec.homeSeconds > 0;
  return {
    name: "from_beyond",
    rules: [
      ...(spec.homeSeconds > 0
        ? [{ rule: `ether saddr @home ${refused("loop")}`, why: "Who speaks here does not speak from beyond: a loop by another way, or a station that has just moved." }]
        : []),
      { rule: "jump gateways" },
      { rule: "jump neighbours" },
      ...(guarded ? withWhy("Nor does anybody beyond speak for an address that is at home here.", claimed(spec, "home", "away")) : []),
      storm("ether daddr != @here", spec),
      { rule: "update @beyond { ether saddr } accept" },
      { rule: refused("stations"), why: "More stations than were to be learned." },
    ],
  };
}

function fromHere(spec: LayerTwoSpec): Chain {
  const home = spec.homeSeconds > 0;
  return {
    name: "from_here",
    rules: [
      { rule: "update @here { ether saddr }" },
      ...(home ? [{ rule: "update @home { ether saddr }" }] : []),
      ...(home && spec.neighbourGuard ? withWhy("Nobody here speaks for an address that is at home beyond.", claimed(spec, "away", "home")) : []),
    ],
  };
}

/**
 * First come, first served: who speaks for an address of `others` is refused, and whose he speaks for otherwise is of `own`. He
 * who has it needs to say no more than anything now and then; a probe (RFC 5227) speaks for nobody yet.
 */
function claimed({ addresses }: LayerTwoSpec, others: "home" | "away", own: "home" | "away"): Rule[] {
  const known = (family: 4 | 6) => (addresses.some((text) => text.includes(":") === (family === 6)) ? `@segment${family}` : `@${own}${family}`);
  return [
    { rule: `arp saddr ip @${others}4 ${refused("neighbour")}` },
    { rule: `icmpv6 type nd-neighbor-advert icmpv6 taddr @${others}6 ${refused("neighbour")}` },
    { rule: `icmpv6 type nd-neighbor-solicit ip6 saddr @${others}6 ${refused("neighbour")}` },
    { rule: `arp saddr ip != 0.0.0.0 update @${own}4 { arp saddr ip }` },
    { rule: `icmpv6 type nd-neighbor-advert update @${own}6 { icmpv6 taddr }` },
    { rule: `icmpv6 type nd-neighbor-solicit ip6 saddr != :: update @${own}6 { ip6 saddr }` },
    { rule: `ip saddr ${known(4)} ip saddr != @${others}4 update @${own}4 { ip saddr }` },
    { rule: `ip6 saddr ${known(6)} ip6 saddr != @${others}6 update @${own}6 { ip6 saddr }` },
  ];
}

function leaving({ spec }: LayerTwoView): Chain {
  return {
    name: "leaving",
    hook: "type filter hook forward priority filter; policy accept;",
    rules: [
      { rule: `meta ibrname != "${bridgeInterface(spec.name)}" accept` },
      { rule: `oifname != "${tunnelPorts(spec.name)}*" accept` },
      { rule: `iifname "${tunnelPorts(spec.name)}*" ${refused("loop")}`, why: "What came through a tunnel goes back through none." },
      { rule: `ether saddr != @here ${refused("stations")}`, why: "More stations than were to be learned." },
      { rule: "jump gateways" },
      { rule: "jump neighbours" },
      storm("ether daddr != @beyond", spec),
    ],
  };
}

/** What a bridge floods is broadcast, multicast, and frames for stations of which nothing was heard (BUM, RFC 7432). */
function storm(unknown: string, { stormLimit }: LayerTwoSpec): Rule {
  return {
    rule: `${unknown} limit rate over ${stormLimit}/second burst ${stormLimit} packets ${refused("storm")}`,
    why: "Broadcast, multicast, and frames for stations of which nothing was heard.",
  };
}

/** ARP (RFC 826) and neighbour discovery (RFC 4861) of either direction. */
function neighbours(spec: LayerTwoSpec): Rule[] {
  const families = { 4: spec.addresses.some((text) => !text.includes(":")), 6: spec.addresses.some((text) => text.includes(":")) };
  return [
    { rule: `icmpv6 type { nd-router-advert, nd-redirect } ${refused("neighbour")}`, why: "A site's routers speak to that site (RFC 6105)." },
    { rule: `icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit != 255 ${refused("neighbour")}`, why: "It comes from a neighbour (RFC 4861, 7.1)." },
    { rule: `arp operation != { request, reply } ${refused("neighbour")}` },
    { rule: `arp htype != 1 ${refused("neighbour")}` },
    { rule: `arp plen != 4 ${refused("neighbour")}` },
    ...(families[4] ? [{ rule: `arp saddr ip != 0.0.0.0 arp saddr ip != @segment4 ${refused("neighbour")}`, why: "Nobody speaks for an address that is not of the segment." }] : []),
    ...(families[6] ? [{ rule: `icmpv6 type nd-neighbor-advert icmpv6 taddr != @segment6 ${refused("neighbour")}` }] : []),
  ];
}

/** Each site keeps such an address for itself: neither who asks for it nor who has it is heard beyond. */
function gateways(): Rule[] {
  return [
    { rule: `arp daddr ip @own4 ${refused("gateway")}` },
    { rule: `arp saddr ip @own4 ${refused("gateway")}` },
    { rule: `icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } icmpv6 taddr @own6 ${refused("gateway")}` },
    { rule: `icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 saddr @own6 ${refused("gateway")}` },
    // RFC 5798, 7.3; HSRP's two versions, of 256 and of 4096 groups.
    ...withWhy("Addresses that several routers share, and what they agree on them by (VRRP, HSRP).", [
      ...[["ff:00", "00:00:5e:00:01:00"], ["ff:00", "00:00:5e:00:02:00"], ["ff:00", "00:00:0c:07:ac:00"], ["f0:00", "00:00:0c:9f:f0:00"]].flatMap(([mask, address]) =>
        ["saddr", "daddr"].map((side) => ({ rule: `ether ${side} & ff:ff:ff:ff:${mask} == ${address} ${refused("gateway")}` })),
      ),
      { rule: `meta l4proto 112 ${refused("gateway")}` },
      { rule: `udp dport { 1985, 2029 } ${refused("gateway")}` },
    ]),
  ];
}

/** Before a host has heard that its packets are too large: TCP at once. */
function clamp({ spec }: LayerTwoView): Chain {
  const mtu = leastLayerTwoMtu(spec);
  const port = `oifname "${tunnelPorts(spec.name)}*"`;
  return {
    name: "clamp",
    hook: "type filter hook forward priority filter + 10; policy accept;",
    rules: withWhy(
      "TCP segments that fit. The kernel lowers the value, never raises it.",
      ([["ip", 4], ["ip6", 6]] as const).map(([ip, family]) => ({ rule: `${port} meta protocol ${ip} tcp flags & (syn | rst) == syn tcp option maxseg size set ${maximumSegmentSize(mtu, family)}` })),
    ),
  };
}
