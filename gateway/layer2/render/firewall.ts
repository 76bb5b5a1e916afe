import { renderNft, type Table } from "../../formats/nft";
import { linkAddresses } from "../../site/bgp";
import { siteInterface } from "../../site/names";
import { vxlanPort } from "../mtu";
import { bridgeInterface, insidePorts, layerTwoNames, tunnelPorts } from "../names";
import type { LayerTwoView } from "../spec";
import { bridgeTable } from "./bridge";

const dropped = "counter drop";

/**
 * Two tables of the extension's own: one for what carries the frames, which is heard and sent within the tunnel alone, and
 * one for the frames themselves.
 */
export function renderLayerTwoFirewall(view: LayerTwoView): string {
  const { spec, near, far } = view;
  const carried = `Layer-2 extension ${spec.name}, ${near.gateway} to ${far.gateway}: what carries its frames. Written by pulumi-vpn-gateway.`;
  return renderNft(carrierTable(view), carried) + "\n" + renderNft(bridgeTable(view), `Layer-2 extension ${spec.name}: its frames.`);
}

function carrierTable({ spec, side, near: end }: LayerTwoView): Table {
  const own = siteInterface(spec.connection.name);
  // GRE's driver takes frames of the far end's address alone.
  const identifiers = spec.fragment ? [] : end.vlans.map((_, index) => spec.vni + index);
  const ports = [bridgeInterface(spec.name), `${tunnelPorts(spec.name)}*`, end.vlans.includes(0) ? end.interface : `${insidePorts(spec.name)}*`];
  const { near, far } = linkAddresses({ spec: spec.connection, side });
  return {
    family: "inet",
    name: layerTwoNames(spec.name).table,
    sets: [],
    chains: [
      {
        name: "prerouting",
        hook: "type filter hook prerouting priority raw; policy accept;",
        rules: [{ rule: `ip saddr ${far.ipv4} iifname != "${own}" ${dropped}`, why: "The far end's address on the link counts on the link alone." }],
      },
      {
        name: "input",
        hook: "type filter hook input priority filter - 10; policy accept;",
        rules: [
          { rule: `iifname "${own}" ip saddr ${far.ipv4} ip daddr ${near.ipv4} accept`, why: "Ethernet comes out of the tunnel from its far end, and from nowhere else." },
          { rule: `ip daddr ${near.ipv4} udp dport ${vxlanPort} ${dropped}` },
          { rule: `ip daddr ${near.ipv4} meta l4proto gre ${dropped}` },
          ...identifiers.map((vni, index) => ({
            rule: `udp dport ${vxlanPort} @th,96,24 ${vni} ${dropped}`,
            ...(index === 0 ? { why: "VXLAN asks neither who sends nor to which address: another site's gateway could else put frames into this segment." } : {}),
          })),
        ],
      },
      {
        name: "output",
        hook: "type filter hook output priority filter; policy accept;",
        rules: [
          { rule: `ip daddr ${far.ipv4} oifname != "${own}" ${dropped}`, why: "And goes into it, or nowhere." },
          ...ports.map((port, index) => ({ rule: `oifname "${port}" drop`, ...(index === 0 ? { why: "The gateway has no say in the segment: its ports speak for themselves otherwise (MLD)." } : {}) })),
        ],
      },
    ],
  };
}
