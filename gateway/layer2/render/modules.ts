import { encapsulationOf } from "../mtu";
import type { LayerTwoView } from "../spec";

/** The follower may not load modules, so all that an extension needs is there before. */
export function layerTwoModules({ spec, near }: LayerTwoView): string[] {
  return ["bridge", "nft_meta_bridge", ...(near.vlans.some((vlan) => vlan > 0) ? ["8021q"] : []), encapsulationOf(spec) === "vxlan" ? "vxlan" : "ip_gre"];
}

/** A file for /etc/modules-load.d. */
export function renderLayerTwoModules(view: LayerTwoView): string {
  return [`# Kernel modules of the layer-2 extension ${view.spec.name}. Written by pulumi-vpn-gateway.`, ...layerTwoModules(view), ""].join("\n");
}
