import { because, context, line, renderFrr, type FrrEntry } from "../../formats/frr";
import { bgpEnds, linkAddresses, ofFamily, timersOf, toDevice } from "../bgp";
import type { SiteView } from "../spec";

/** Seconds between two tries to connect. */
const connectSeconds = 5;
/** As many lost packets of BFD are a dead link (RFC 5880, 6.8.4). */
export const bfdMultiplier = 3;
/** Minutes after which a session that was shut for too many prefixes is tried again. */
const pause = 5;
/** Ways of the same worth that are used at once: several tunnels for more throughput. */
const parallelWays = 8;
/** What is its neighbour's own is taken from it before what others tell of it: local preference (RFC 4271, 5.1.5). */
const ownPreference = 1000;
const transitPreference = 100;

const families = [["ip", "ipv4", 4], ["ipv6", "ipv6", 6]] as const;

/** With a device IPv4 alone: what it does not speak it need not refuse. */
function familiesOf({ spec }: SiteView) {
  return families.filter(([, , family]) => family === 4 || !toDevice(spec));
}

/**
 * A connection's share of FRR's configuration: complete by itself, so that connections come and go one by one. What all
 * connections of a gateway say alike (AS number, router id, own networks) stands in each; vtysh and frr-reload.py take it
 * as said once. FRR's user guide: bgpd (bgp.rst), bfdd (bfd.rst), filters (filter.rst, routemap.rst).
 */
export function renderSiteBgp(view: SiteView): string {
  const { spec, near, far } = view;
  const ends = bgpEnds(view);
  const heading = `BGP of the site connection ${spec.name}: ${near.name} (AS ${ends.near.as}) to ${far.name} (AS ${ends.far.as}). Written by pulumi-vpn-gateway.`;
  return renderFrr(siteBgpEntries(view), heading);
}

/** The same without its heading: for what else speaks FRR's language. */
export function siteBgpEntries(view: SiteView): FrrEntry[] {
  return [...bfdProfile(view), ...lists(view), ...maps(view), ...session(view)];
}

function bfdProfile({ spec }: SiteView): FrrEntry[] {
  const { bfdInterval } = spec.bgp!;
  if (bfdInterval === 0) return [];
  const profile = context(["profile", `site-${spec.name}`], [
    line("detect-multiplier", bfdMultiplier),
    line("receive-interval", bfdInterval),
    line("transmit-interval", bfdInterval),
  ]);
  return [because(`A link is dead after ${bfdMultiplier * bfdInterval} ms of silence.`, context(["bfd"], [profile]))];
}

/** Which networks are whose: the far end's own, ours, and what others of the mesh may have. */
function lists(view: SiteView): FrrEntry[] {
  const { spec, near, far } = view;
  const { transit } = spec.bgp!;
  const entries: FrrEntry[] = [];
  for (const [ip, , family] of familiesOf(view)) {
    const list = (name: string) => [ip, "prefix-list", `site-${spec.name}-${name}`, "seq"] as const;
    const numbered = (name: string, rules: readonly (readonly (string | number)[])[]) =>
      rules.map((words, index) => line(...list(name), 5 * (index + 1), ...words));
    // A list that is not there permits all of it: where a family has no network, it refuses all.
    const orNothing = (rules: (string | number)[][]) => (rules.length > 0 ? rules : [["deny", "any"]]);
    const most = family === 4 ? 32 : 128;
    const below = (verdict: string) => ({ text, prefix }: { text: string; prefix: number }) => [verdict, text, ...(prefix < most ? ["le", most] : [])];
    entries.push(
      ...numbered("far", orNothing(ofFamily(far.networks, family).map(below("permit")))),
      ...numbered("near", orNothing(ofFamily(near.networks, family).map(({ text }) => ["permit", text]))),
    );
    if (transit.length === 0) continue;
    entries.push(
      // Neither what is at home here nor what is the neighbour's own: it is told of what others have alone, and so are we.
      ...numbered("transit", orNothing([...ofFamily([...near.networks, ...near.pools, ...(spec.bgp!.shared ?? []), ...far.networks], family).map(below("deny")), ...ofFamily(transit, family).map(below("permit"))])),
    );
  }
  if (transit.length > 0) {
    // Numbered by the AS: frr-reload.py puts the new line in before it takes the old one out, which FRR refuses where the new
    // one has replaced it under the same number (FRR 10.3).
    const { as } = bgpEnds(view).far;
    const path = line("bgp", "as-path", "access-list", `site-${spec.name}`, "seq", as, "permit", `^${as}_[0-9]`);
    entries.push(because("What is not the neighbour's own must have come to it from somebody else.", path));
  }
  return entries;
}

/** What is taken from the far end and what it is told. Whatever no rule names is refused: a default route, our own networks. */
function maps(view: SiteView): FrrEntry[] {
  const { spec } = view;
  const ends = bgpEnds(view);
  const own = linkAddresses(view).near.ipv6;
  const through = spec.bgp!.transit.length > 0;
  return familiesOf(view).flatMap(([, , family]) => {
    const match = (list: string) => line("match", family === 4 ? "ip" : "ipv6", "address", "prefix-list", `site-${spec.name}-${list}`);
    const hop = family === 6 ? [line("set", "ipv6", "next-hop", "global", own)] : [];
    const rule = (direction: string, number: number, entries: FrrEntry[]) => context(["route-map", `site-${spec.name}-${direction}${family}`, "permit", number], entries);
    return [
      because(
        "Of the neighbour only what is its own; never a default route, and never a network of ours.",
        rule("in", 10, [match("far"), line("set", "local-preference", ownPreference + ends.far.preference)]),
      ),
      ...(through ? [rule("in", 20, [match("transit"), line("match", "as-path", `site-${spec.name}`), line("set", "local-preference", transitPreference)])] : []),
      // A lower metric is better (RFC 4271, 5.1.4).
      rule("out", 10, [match("near"), line("set", "metric", ownPreference - ends.near.preference), ...hop]),
      ...(through ? [rule("out", 20, [match("transit"), ...hop])] : []),
    ];
  });
}

/** What is said of the gateway itself, alike in every share. */
export function speaker(routerId: string): FrrEntry[] {
  return [
    line("bgp", "router-id", routerId),
    line("bgp", "log-neighbor-changes"),
    line("no", "bgp", "default", "ipv4-unicast"),
    because("Networks behind the gateway need be no routes of its own: a cloud's router has them.", line("no", "bgp", "network", "import-check")),
    because("Two gateways of a site have two AS numbers.", line("bgp", "bestpath", "as-path", "multipath-relax")),
    because("While bgpd alone starts anew, packets go on (RFC 4724).", line("bgp", "graceful-restart")),
    line("bgp", "graceful-restart", "preserve-fw-state"),
    because(
      "But a neighbour that is silent beyond the hold time is gone: with FRR's default its routes would stay for two minutes more (RFC 8538).",
      line("no", "bgp", "graceful-restart", "notification"),
    ),
  ];
}

function session(view: SiteView): FrrEntry[] {
  const { spec, near } = view;
  const { mostPrefixes, bfdInterval } = spec.bgp!;
  const ends = bgpEnds(view);
  const timers = timersOf(view);
  const peer = linkAddresses(view).far.ipv4;
  const neighbor = (...words: (string | number)[]) => line("neighbor", peer, ...words);
  const family = ([, name, number]: (typeof families)[number]) =>
    context(["address-family", name, "unicast"], [
      ...ofFamily(near.networks, number).map(({ text }) => line("network", text)),
      line("maximum-paths", parallelWays),
      neighbor("activate"),
      because("What is refused is remembered, so that it can be shown.", neighbor("soft-reconfiguration", "inbound")),
      // No `force`: refused ones would count, too, but FRR 10.3 adds up those of all neighbours (bgp_filtered_routes_count).
      neighbor("maximum-prefix", mostPrefixes, "restart", pause),
      neighbor("route-map", `site-${spec.name}-in${number}`, "in"),
      neighbor("route-map", `site-${spec.name}-out${number}`, "out"),
    ]);
  return [
    context(["router", "bgp", ends.near.as], [
      ...speaker(ends.near.routerId),
      neighbor("remote-as", ends.far.as),
      neighbor("description", `site-${spec.name}`),
      neighbor("timers", timers.keepalive, timers.hold),
      neighbor("timers", "connect", connectSeconds),
      ...(bfdInterval === 0 ? [] : [neighbor("bfd"), neighbor("bfd", "profile", `site-${spec.name}`)]),
      ...familiesOf(view).map(family),
    ]),
  ];
}
