import { network } from "../../addressing";
import { renderNft, type NamedSet, type Table } from "../../formats/nft";
import { lacInterface, lacNames } from "../names";
import type { LacConnectionSpec } from "../spec";

const dropped = "counter drop";

/**
 * A connection's own table: what it drops stays dropped, whatever the gateway's other tables accept. The networks beyond
 * the LNS count only within the session, in each direction; L2TP itself only within IPsec.
 */
export function renderLacFirewall(spec: LacConnectionSpec): string {
  return renderNft(table(spec), `Firewall of the connection ${spec.name} to the LNS ${spec.lns}. Written by pulumi-vpn-gateway.`);
}

function table(spec: LacConnectionSpec): Table {
  const own = lacInterface(spec.name);
  const { port } = spec;
  const [through, back] = ["ip saddr @near4 ip daddr @far4", "ip saddr @far4 ip daddr @near4"];
  return {
    family: "inet",
    name: lacNames(spec.name).table,
    sets: [set("near4", spec.near), set("far4", spec.networks)],
    chains: [
      {
        name: "prerouting",
        hook: "type filter hook prerouting priority raw; policy accept;",
        rules: [
          { rule: 'iifname "lo" accept' },
          { rule: `ip saddr @far4 iifname != "${own}" ${dropped}`, why: "Addresses beyond the LNS count only within the session." },
        ],
      },
      {
        name: "input",
        // Before the gateway's own, which lets in what belongs to a connection: a forged packet could.
        hook: "type filter hook input priority filter - 10; policy accept;",
        rules: [{ rule: `udp dport ${port} meta ipsec missing ${dropped}`, why: "L2TP only out of IPsec." }],
      },
      {
        name: "output",
        hook: "type filter hook output priority filter; policy accept;",
        rules: [
          { rule: 'oifname "lo" accept' },
          { rule: `udp sport ${port} rt ipsec missing ${dropped}`, why: "Nothing of it leaves in clear, dialling included." },
          { rule: `ip daddr @far4 oifname != "${own}" ${dropped}` },
        ],
      },
      {
        name: "forward",
        hook: "type filter hook forward priority filter - 10; policy accept;",
        rules: [
          { rule: `ip daddr @far4 oifname != "${own}" ${dropped}` },
          {
            rule: `oifname "${own}" ${through} accept`,
            why: spec.masquerade ? "Only from and to the networks that are named; from beyond the LNS only answers." : "Only between the networks that are named.",
          },
          { rule: `iifname "${own}" ${spec.masquerade ? "ct state established,related ip saddr @far4" : back} accept` },
          ...(spec.masquerade ? [{ rule: `iifname "${own}" ct state established,related meta l4proto icmp accept`, why: "Errors come from whoever is on the way (RFC 5508, 4.2)." }] : []),
          { rule: `iifname "${own}" ${dropped}` },
          { rule: `oifname "${own}" ${dropped}` },
        ],
      },
      {
        name: "clamp",
        hook: "type filter hook forward priority mangle; policy accept;",
        rules: ["iifname", "oifname"].map((side, index) => ({
          rule: `${side} "${own}" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu`,
          ...(index === 0 ? { why: "TCP segments that fit the session, whoever begins." } : {}),
        })),
      },
      ...(spec.masquerade
        ? [{
            name: "postrouting",
            // Before the gateway's own, which knows of its clients alone.
            hook: "type nat hook postrouting priority srcnat - 10; policy accept;",
            rules: [{ rule: `oifname "${own}" masquerade`, why: "The LNS knows one address, which it has given." }],
          }]
        : []),
    ],
  };
}

function set(name: string, networks: readonly string[]): NamedSet {
  return { name, type: "ipv4_addr", elements: networks.map((text) => network(text).text) };
}
