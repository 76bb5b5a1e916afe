import { network } from "../../addressing";
import { linkAddresses } from "../../site/bgp";
import { siteInterface } from "../../site/names";
import { encapsulationOf, layerTwoOverhead, vxlanPort } from "../mtu";
import { bridgeInterface, insidePorts, layerTwoNames, tunnelPorts } from "../names";
import type { LayerTwoView } from "../spec";

/** What the gateway (host/vpn_gateway/layer2.py) makes the bridge and its ports of. */
export function renderLayerTwoDescription(view: LayerTwoView): string {
  const { spec, near, far, side } = view;
  const links = linkAddresses({ spec: spec.connection, side });
  const { bgp, layerTwo } = spec.connection;
  return (
    JSON.stringify(
      {
        name: spec.name,
        connection: spec.connection.name,
        peer: far.gateway,
        tunnel: siteInterface(spec.connection.name),
        link: network((bgp?.link ?? layerTwo?.link)!).text,
        near: links.near.ipv4,
        far: links.far.ipv4,
        kind: encapsulationOf(spec),
        ...(spec.fragment ? {} : { port: vxlanPort }),
        overhead: layerTwoOverhead(spec),
        bridge: bridgeInterface(spec.name),
        table: layerTwoNames(spec.name).table,
        ageingSeconds: stationSeconds,
        segments: near.vlans.map((vlan, index) => ({
          vni: spec.vni + index,
          // Within the bridge alone: no frame has it as a tag.
          pvid: index + 1,
          interface: near.interface,
          vlan,
          inside: vlan === 0 ? near.interface : `${insidePorts(spec.name)}${vlan}`,
          beyond: `${tunnelPorts(spec.name)}${vlan}`,
        })),
      },
      undefined,
      2,
    ) + "\n"
  );
}

/** Seconds after which a silent station is forgotten: a bridge's usual ageing time (802.1Q, 8.8.3). */
export const stationSeconds = 300;
