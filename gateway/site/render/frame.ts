import { renderNft, withWhy, type LiveSet, type NamedSet, type Table } from "../../formats/nft";
import { siteInterfaces, sitesTable } from "../names";
import { dropped, perFamily, segments, shared, told } from "./rules";

/**
 * The table of all site connections: what it drops stays dropped, whatever the gateway's other tables accept. A packet
 * comes by the same few rules however many connections there are, and by those of its own connection, which a map finds by
 * the tunnel. The elements and the chains that the maps lead to are each connection's share.
 */
export function renderSitesFrame(gateway: string): string {
  return renderNft(frame, `Firewall of ${gateway} for its site connections. Written by pulumi-vpn-gateway.`);
}

const bySites = { from: `iifname != "${siteInterfaces}"`, to: `oifname != "${siteInterfaces}"` };
const byPolicy = { from: "meta ipsec missing", to: "rt ipsec missing" };

const frame: Table = {
  family: "inet",
  name: sitesTable,
  sets: [shared.far, shared.policyFar, shared.near, shared.here, shared.beyond].flatMap((name): NamedSet[] => [
    { name: name(4), type: "ipv4_addr", elements: [] },
    { name: name(6), type: "ipv6_addr", elements: [] },
  ]),
  live: [
    { name: shared.ends, key: "ipv4_addr" },
    { name: shared.links, key: "ipv4_addr . ifname" },
    ...[shared.within, shared.neighbours, shared.inwards, shared.outwards].map((name): LiveSet => ({ name, key: "ifname", verdicts: true })),
    ...[shared.policyFrom, shared.policyTo].flatMap((name) => ([4, 6] as const).map((family): LiveSet => ({ name: name(family), key: `ipv${family}_addr`, verdicts: true, interval: true }))),
  ],
  chains: [
    {
      name: "prerouting",
      hook: base("prerouting", "raw"),
      rules: [
        ...withWhy("A far site's addresses count only within a tunnel.", [
          ...perFamily((ip, family) => `${ip} saddr @${shared.far(family)} ${bySites.from} iifname != "lo" ${dropped}`),
          ...perFamily((ip, family) => `${ip} saddr @${shared.policyFar(family)} ${byPolicy.from} iifname != "lo" ${dropped}`),
        ]),
        { rule: `ip saddr @${shared.ends} ip saddr . iifname != @${shared.links} ${dropped}`, why: "The far end's address on a link counts on that link alone." },
        { rule: `iifname vmap @${shared.within}` },
      ],
    },
    { name: "input", hook: base("input", "filter - 10"), rules: [{ rule: `iifname vmap @${shared.neighbours}` }] },
    {
      name: "output",
      hook: base("output", "filter"),
      rules: withWhy("And nothing leaves for them in clear.", [
        ...perFamily((ip, family) => `${ip} daddr @${shared.far(family)} oifname != "lo" ${bySites.to} ${dropped}`),
        ...perFamily((ip, family) => `${ip} daddr @${shared.policyFar(family)} oifname != "lo" ${byPolicy.to} ${dropped}`),
      ]),
    },
    {
      name: "forward",
      hook: base("forward", "filter - 10"),
      rules: [
        { rule: `${segments} jump clamp` },
        // What comes out may go into another, which has its say, too; of a tunnel that is a policy, by the far site's address.
        ...withWhy("Out of a tunnel.", [{ rule: `iifname vmap @${shared.inwards}` }, ...perFamily((ip, family) => `${ip} saddr vmap @${shared.policyFrom(family)}`)]),
        ...withWhy("Into a tunnel: that is the last word.", [{ rule: `oifname vmap @${shared.outwards}` }, ...perFamily((ip, family) => `${ip} daddr vmap @${shared.policyTo(family)}`)]),
        // Any site interface: two connections may lead to the same site.
        ...withWhy("A far site is reached through a tunnel, or not at all.", perFamily((ip, family) => `${ip} daddr @${shared.far(family)} ${bySites.to} ${dropped}`)),
        ...withWhy(
          "What lies beyond is reached through tunnels, never in clear: where no way is known, the host is told.",
          perFamily((ip, family) => `${ip} daddr @${shared.beyond(family)} ${ip} saddr @${shared.near(family)} ${ip} daddr != @${shared.here(family)} ${bySites.to} ${told}`),
        ),
      ],
    },
    {
      name: "clamp",
      // The interface's MTU is that of the tunnel as it stands; nft_rt takes the smaller of the way there and the way back.
      rules: withWhy("TCP segments that fit the tunnel, whoever begins.", [
        { rule: `iifname "${siteInterfaces}" tcp option maxseg size set rt mtu` },
        { rule: `oifname "${siteInterfaces}" tcp option maxseg size set rt mtu` },
      ]),
    },
  ],
};

function base(hook: string, priority: string): string {
  return `type filter hook ${hook} priority ${priority}; policy accept;`;
}
