import { leastSiteMtu } from "../site/mtu";
import type { LayerTwoSpec } from "./spec";

/** RFC 7348, 9. */
export const vxlanPort = 4789;

const ethernetHeader = 14;
const ipHeader = 20;
/** RFC 768; RFC 7348, 5; RFC 2784 with RFC 2890's key. */
const headers = { vxlan: 8 + 8, gretap: 4 + 4 } as const;

/** What carries the frames. A tag of 802.1Q is not among it: each VLAN has an identifier of its own, and crosses without one. */
export function encapsulationOf({ fragment }: Pick<LayerTwoSpec, "fragment">): "vxlan" | "gretap" {
  return fragment ? "gretap" : "vxlan";
}

/** Bytes of an IP packet within the tunnel that are not the IP packet within the frame: VXLAN 50, GRE 42. */
export function layerTwoOverhead(spec: Pick<LayerTwoSpec, "fragment">): number {
  return ipHeader + headers[encapsulationOf(spec)] + ethernetHeader;
}

/**
 * Largest IP packet in a frame that crosses in one packet outside, whatever suite the ends agree on and whatever is between
 * them: what the hosts' MTU should be. The gateway's status has it for the tunnel as it stands.
 */
export function leastLayerTwoMtu(spec: Pick<LayerTwoSpec, "fragment" | "connection">): number {
  return leastSiteMtu(spec.connection) - layerTwoOverhead(spec);
}
