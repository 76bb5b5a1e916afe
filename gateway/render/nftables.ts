import { hostNetwork, network, parseAddress, type Network } from "../addressing";
import { clientPools } from "../clientPools";
import { renderNft, withWhy, type Chain, type NamedSet, type Rule, type Table } from "../formats/nft";
import { lacInterfaces } from "../lac/names";
import { vxlanPort } from "../layer2/mtu";
import { maximumSegmentSize, pathMtu } from "../mtu";
import { bothActive } from "../pair";
import { paths } from "../platforms";
import { disconnectPort } from "../radius";
import { siteInterfaces } from "../site/names";
import type { GatewaySpec } from "../spec";
import { l2tpChains, l2tpFirst, l2tpLengths, l2tpRules } from "./l2tpTunnels";
import { sharedNatChains, zoneRules } from "./sharedNat";

/**
 * The gateway's firewall, one table with all of it, and no name of an interface outside of it: what matters is whether
 * a packet came through IPsec (`meta ipsec`), will leave through it (`rt ipsec`), or is on a PPP session.
 */
export function renderFirewall(spec: GatewaySpec): string {
  const table = renderNft(firewallTable(spec), `Firewall of ${spec.name}. Written by pulumi-vpn-gateway.`);
  return spec.sites ? `${table}${moreIncluded}` : table;
}

/** Everything shut but SSH for administrators: what stands until the gateway has its configuration. */
export function renderClosedFirewall(spec: Pick<GatewaySpec, "name" | "administrators" | "sshPort">): string {
  const table: Table = {
    family: "inet",
    name: "vpn_gateway",
    sets: addressSets("administrators", spec.administrators.map(network)),
    chains: [
      { name: "input", hook: base("input", "drop"), rules: [...essentials, ...ssh(spec)] },
      { name: "forward", hook: base("forward", "drop"), rules: [] },
    ],
  };
  return renderNft(table, `Firewall of ${spec.name} until it is configured. Written by pulumi-vpn-gateway.`);
}

/** The table of all site connections and those of what goes on them, loaded in the same transaction (nft(8): no match is no error). */
const moreIncluded = `include "${paths.moreFirewalls}/*.nft"\n`;

function firewallTable(spec: GatewaySpec): Table {
  const servers = spec.dns.map((text) => hostNetwork(parseAddress(text)!));
  return {
    family: "inet",
    name: "vpn_gateway",
    sets: [
      ...addressSets("administrators", spec.administrators.map(network)),
      ...addressSets("clients", clientPools(spec)),
      ...addressSets("inside", spec.insideNetworks.map(network)),
      ...addressSets("servers", servers),
      // What is neither the internet nor an inside network: clients have no business there.
      ...addressSets("reserved", reserved.map(network)),
      ...(spec.radius?.disconnect === true ? addressSets("radius_servers", spec.radius.servers.map(({ host }) => hostNetwork(parseAddress(host)!))) : []),
      ...(spec.routeServer ? addressSets("route_server", spec.routeServer.endpoints.map((text) => hostNetwork(parseAddress(text)!))) : []),
      ...(spec.pair ? addressSets("health_checkers", spec.pair.healthCheckers.map(network)) : []),
    ],
    pairs: spec.l2tp ? [l2tpLengths] : [],
    live: [
      ...(spec.l2tp ? [l2tpFirst] : []),
      ...(spec.l2tp ? ([4, 6] as const).map((family) => ({ name: `ikev1_first${family}`, key: `ipv${family}_addr . inet_service`, timeout: 60 })) : []),
      ...(spec.ikev2?.acme ? [{ name: "acme_ports", key: "inet_service", timeout: challengeSeconds }] : []),
    ],
    chains: [
      ...[prerouting(spec), input(spec), output(spec), forward(spec), ...clamp(spec), postrouting(spec)].filter(says),
      ...(spec.l2tp ? l2tpChains : []),
      ...sharedNatChains(spec),
    ],
  };
}

/** Each chain at a hook costs every packet its time: one that only lets pass what passes anyhow is left out. */
function says({ rules, hook = "" }: Chain): boolean {
  return !hook.endsWith("policy accept;") || rules.some(({ rule }) => !/^[io]ifname "lo" accept$/.test(rule));
}

/** RFC 6890: not the internet. Link-local holds the clouds' metadata service, with the machine's credentials. */
const reserved = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
  "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/10", "ff00::/8",
];

/** A client of the CA that was killed leaves its port open for no longer. */
const challengeSeconds = 900;

const notTunnelled = 'iifname != "ppp*" meta ipsec missing';
const notIntoTunnel = 'oifname != "ppp*" rt ipsec missing';
const dropped = "counter drop";

/** Address families in use inside the tunnels, with nft's word for each. */
function families(spec: GatewaySpec): { family: 4 | 6; ip: "ip" | "ip6" }[] {
  if (!spec.l2tp && !spec.ikev2) return [];
  return [{ family: 4, ip: "ip" } as const, ...(spec.ikev2?.pool6 === undefined ? [] : [{ family: 6, ip: "ip6" } as const])];
}

function forEachFamily(spec: GatewaySpec, rule: (ip: "ip" | "ip6", family: 4 | 6) => Rule | Rule[] | undefined): Rule[] {
  return families(spec).flatMap(({ family, ip }) => rule(ip, family) ?? []);
}

function prerouting(spec: GatewaySpec): Chain {
  return {
    name: "prerouting",
    hook: base("prerouting", "accept", "raw"),
    rules: [
      { rule: 'iifname "lo" accept' },
      ...withWhy(
        "A client's address counts only within its tunnel.",
        forEachFamily(spec, (ip, family) => ({ rule: `${ip} saddr @clients${family} ${notTunnelled} ${dropped}` })),
      ),
      ...(spec.l2tp
        ? [{ rule: `iifname "ppp*" fib saddr . iif oif missing ${dropped}`, why: "And only its own: that of its PPP session." }]
        : []),
      ...zoneRules(spec),
    ],
  };
}

function input(spec: GatewaySpec): Chain {
  return {
    name: "input",
    hook: base("input", "drop"),
    rules: [
      {
        rule: `udp dport 1701 meta ipsec missing ${dropped}`,
        why: "L2TP only out of IPsec. Before what looks at connections: a forged packet could belong to one.",
      },
      ...(spec.l2tp ? l2tpRules : []),
      ...essentials,
      ...ssh(spec),
      ...ikev1Floods(spec),
      { rule: "udp dport { 500, 4500 } accept", why: "IKE, and ESP within UDP." },
      { rule: "meta l4proto esp accept" },
      ...pairRules(spec),
      ...(spec.l2tp ? [{ rule: "udp dport 1701 meta ipsec exists accept" }] : []),
      ...bgpRules(spec),
      ...layerTwoRules(spec),
      ...disconnectRules(spec),
      ...(spec.ikev2?.acme ? [{ rule: "tcp dport @acme_ports accept", why: "Port 80 while a challenge of the CA is answered, and shut otherwise." }] : []),
      { rule: dropped },
    ],
  };
}

/**
 * IKEv1 knows no cookies as IKEv2 does: each first message (no responder's SPI yet; version 1.0: RFC 2408, 3.1) is a half-open
 * SA for 30 s. Who dials sends a few of them from one port; a flood from an office's own address must not take its turn.
 */
function ikev1Floods(spec: GatewaySpec): Rule[] {
  if (!spec.l2tp) return [];
  const first = "udp dport 500 @th,128,64 0 @th,200,8 0x10";
  return [
    { rule: `${first} update @ikev1_first4 { ip saddr . udp sport limit rate over 10/minute burst 5 packets } ${dropped}`, why: "First messages of IKEv1, more of them from one port than anybody sends who dials." },
    { rule: `${first} update @ikev1_first6 { ip6 saddr . udp sport limit rate over 10/minute burst 5 packets } ${dropped}` },
  ];
}

/** VRRP has no authentication that is worth its name (RFC 5798, 9): who may speak it is decided here. */
function pairRules({ pair }: GatewaySpec): Rule[] {
  if (pair === undefined) return [];
  const checkers = pair.healthCheckers.map(network);
  return [
    ...(bothActive(pair) ? [] : [{ rule: `ip saddr ${hostNetwork(parseAddress(pair.peer)!).text} meta l4proto 112 accept`, why: "The other machine of the pair, and nobody else." }]),
    ...([4, 6] as const)
      .filter((family) => checkers.some((range) => range.family === family))
      .map((family) => ({ rule: `${family === 4 ? "ip" : "ip6"} saddr @health_checkers${family} tcp dport ${pair.healthPort} accept` })),
  ];
}

/**
 * BGP and BFD (RFC 5881, 4 and 5: port and TTL) from the other end of a link. Which interface has which neighbour, says
 * the table of all site connections.
 */
function bgpRules(spec: GatewaySpec): Rule[] {
  if (!spec.bgp) return [];
  const link = `iifname "${siteInterfaces}" ip saddr ${linkLocal} ip daddr ${linkLocal}`;
  return [
    { rule: `${link} tcp dport 179 accept`, why: "BGP and BFD between the two ends of a site connection." },
    { rule: `${link} ip ttl 255 udp dport 3784 accept` },
    ...(spec.routeServer
      ? [{ rule: "ip saddr @route_server4 tcp dport 179 accept", why: "And from the VPC's route server." }, { rule: "ip saddr @route_server4 ip ttl 255 udp dport 3784 accept" }]
      : []),
  ];
}

/** Ethernet within a tunnel, from the other end of a link. Which interface has which, says the table of each extension. */
function layerTwoRules(spec: GatewaySpec): Rule[] {
  if (!spec.layerTwo) return [];
  const link = `iifname "${siteInterfaces}" ip saddr ${linkLocal} ip daddr ${linkLocal}`;
  return [
    { rule: `${link} udp dport ${vxlanPort} accept`, why: "Ethernet between the two ends of a site connection: VXLAN or GRE, within the tunnel alone." },
    { rule: `${link} meta l4proto gre accept` },
  ];
}

/** RADIUS servers that may end sessions; each request is signed besides. */
function disconnectRules({ radius }: GatewaySpec): Rule[] {
  if (radius?.disconnect !== true) return [];
  const servers = radius.servers.map(({ host }) => hostNetwork(parseAddress(host)!));
  return ([4, 6] as const)
    .filter((family) => servers.some((server) => server.family === family))
    .map((family) => ({ rule: `${family === 4 ? "ip" : "ip6"} saddr @radius_servers${family} udp dport ${disconnectPort} accept` }));
}

/** RFC 3927: inside addresses of links are of it, whatever range a mesh was given. */
const linkLocal = "169.254.0.0/16";

const essentials: Rule[] = [
  { rule: 'iifname "lo" accept' },
  { rule: "ct state established,related accept" },
  {
    rule: "icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
    why: "Without these no path MTU is found.",
  },
  { rule: "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept" },
  {
    rule: "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept",
  },
  { rule: "icmp type echo-request limit rate 50/second accept" },
  { rule: "icmpv6 type echo-request limit rate 50/second accept" },
  { rule: "udp sport 67 udp dport 68 accept", why: "The machine's own address." },
  { rule: "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept" },
];

function ssh(spec: Pick<GatewaySpec, "administrators" | "sshPort">): Rule[] {
  const ranges = spec.administrators.map(network);
  return ([4, 6] as const)
    .filter((family) => ranges.some((range) => range.family === family))
    .map((family) => ({ rule: `${family === 4 ? "ip" : "ip6"} saddr @administrators${family} tcp dport ${spec.sshPort} accept` }));
}

function output(spec: GatewaySpec): Chain {
  return {
    name: "output",
    hook: base("output", "accept"),
    rules: [
      { rule: 'oifname "lo" accept' },
      ...(spec.l2tp
        ? [{
            rule: `udp sport 1701 rt ipsec missing ${dropped}`,
            why: "When a client's SA goes before its session, what is left of the session must not leave in clear.",
          }]
        : []),
      ...forEachFamily(spec, (ip, family) => ({ rule: `${ip} daddr @clients${family} ${notIntoTunnel} ${dropped}` })),
    ],
  };
}

function forward(spec: GatewaySpec): Chain {
  const inside = spec.insideNetworks.map(network);
  const servers = spec.dns.map((text) => parseAddress(text)!);
  return {
    name: "forward",
    hook: base("forward", "drop"),
    rules: [
      ...withWhy(
        "To a client only within its tunnel, never in clear.",
        forEachFamily(spec, (ip, family) => ({ rule: `${ip} daddr @clients${family} ${notIntoTunnel} ${dropped}` })),
      ),
      { rule: "ct state established,related accept" },
      ...sitesForward(spec),
      ...lacForward(spec),
      ...withWhy(
        spec.clientToClient ? "Clients may reach each other." : "Clients do not reach each other.",
        forEachFamily(spec, (ip, family) => ({
          rule: `${ip} saddr @clients${family} ${ip} daddr @clients${family} ${spec.clientToClient ? "accept" : dropped}`,
        })),
      ),
      ...forEachFamily(spec, (ip, family) =>
        inside.some((range) => range.family === family)
          ? { rule: `${ip} saddr @clients${family} ${ip} daddr @inside${family} accept` }
          : undefined,
      ),
      ...withWhy(
        "The name servers that clients are given.",
        forEachFamily(spec, (ip, family) =>
          servers.some((server) => server.family === family)
            ? { rule: `${ip} saddr @clients${family} ${ip} daddr @servers${family} meta l4proto { tcp, udp } th dport 53 accept` }
            : undefined,
        ),
      ),
      ...(spec.tunnel === "full"
        ? withWhy(
            "The internet, but no network behind the gateway that is not named.",
            forEachFamily(spec, (ip, family) => ({
              rule: `${ip} saddr @clients${family} ${ip} daddr != @reserved${family} accept`,
            })),
          )
        : []),
      { rule: dropped },
    ],
  };
}

/** What goes between sites. Which addresses, says their own table: what it drops stays dropped. */
function sitesForward(spec: GatewaySpec): Rule[] {
  if (!spec.sites) return [];
  return [
    { rule: `iifname "${siteInterfaces}" accept`, why: "Between sites. Which networks, says the table of all connections." },
    { rule: `oifname "${siteInterfaces}" accept` },
    ...(["ip", "ip6"] as const).flatMap((ip) => [
      { rule: `meta ipsec exists ${ip} saddr != @clients${ip === "ip" ? 4 : 6} accept` },
      { rule: `rt ipsec exists ${ip} daddr != @clients${ip === "ip" ? 4 : 6} accept` },
    ]),
  ];
}

/** What goes to and from somebody's LNS, by the same token. */
function lacForward(spec: GatewaySpec): Rule[] {
  if (!spec.lac) return [];
  return [
    { rule: `iifname "${lacInterfaces}" accept`, why: "Through a session with an LNS. Which networks, says the table of each connection." },
    { rule: `oifname "${lacInterfaces}" accept` },
  ];
}

function clamp(spec: GatewaySpec): Chain[] {
  const mtu = pathMtu(spec);
  const pools = [
    { pool: spec.l2tp?.pool, mtu: mtu.l2tp },
    { pool: spec.ikev2?.pool, mtu: mtu.ikev2 },
    { pool: spec.ikev2?.pool6, mtu: mtu.ikev2 },
    { pool: spec.l2tp?.fixedPool, mtu: mtu.l2tp },
    { pool: spec.ikev2?.fixedPool, mtu: mtu.ikev2 },
    { pool: spec.ikev2?.fixedPool6, mtu: mtu.ikev2 },
  ];
  const rules = pools.flatMap(({ pool, mtu: inner }) => {
    if (pool === undefined || inner === undefined) return [];
    const { family, text } = network(pool);
    const ip = family === 4 ? "ip" : "ip6";
    const size = maximumSegmentSize(inner, family);
    return ["saddr", "daddr"].map((side) => ({
      rule: `${ip} ${side} ${text} tcp option maxseg size set ${size}`,
    }));
  });
  if (rules.length === 0) return [];
  return [
    { name: "segments", hook: base("forward", "accept", "mangle"), rules: [{ rule: "tcp flags & (syn | rst) == syn goto clamp" }] },
    { name: "clamp", rules: withWhy("TCP segments that fit the tunnel, whoever begins. The kernel lowers the value, never raises it.", rules) },
  ];
}

function postrouting(spec: GatewaySpec): Chain {
  const inside = spec.insideNetworks.map(network);
  const masquerade: Rule[] =
    spec.masquerade === "never"
      ? []
      : forEachFamily(spec, (ip, family) => {
          const others =
            spec.masquerade === "internet" && inside.some((range) => range.family === family) ? ` ${ip} daddr != @inside${family}` : "";
          const who = `${ip} saddr @clients${family}${others}`;
          // The Elastic IP's private address: of the two that such a machine has, the kernel would take either.
          const move = family === 4 ? spec.pair?.move : undefined;
          return { rule: `${who} ${move === undefined ? "masquerade" : `snat ip to ${move.privateAddress}`}` };
        });
  return {
    name: "postrouting",
    hook: "type nat hook postrouting priority srcnat; policy accept;",
    rules: masquerade.length > 0 ? [{ rule: 'oifname "ppp*" accept', why: "From client to client." }, { rule: "rt ipsec exists accept" }, ...(spec.sites ? [untranslated] : []), ...masquerade] : [],
  };
}

/** Into a site's interface `rt ipsec` sees nothing yet. Clients whose pool no connection names are dropped before. */
const untranslated: Rule = { rule: `oifname "${siteInterfaces}" accept`, why: "Sites see clients by their own addresses." };

/** A set for each address family, so that rules can name either whether or not it has elements. */
function addressSets(name: string, networks: readonly Network[]): NamedSet[] {
  const of = (family: 4 | 6) => networks.filter((range) => range.family === family).map(({ text }) => text);
  return [
    { name: `${name}4`, type: "ipv4_addr", elements: of(4) },
    { name: `${name}6`, type: "ipv6_addr", elements: of(6) },
  ];
}

function base(hook: string, policy: "accept" | "drop", priority = "filter"): string {
  return `type filter hook ${hook} priority ${priority}; policy ${policy};`;
}
