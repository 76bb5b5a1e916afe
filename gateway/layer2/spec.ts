/**
 * A segment of Ethernet that two sites share, as plain data: what of one gateway's inside interface is bridged with the
 * other's, through the tunnel of a site connection. `validate.ts` judges it, `parts.ts` turns it into what each gateway gets.
 */

import type { Side, SiteConnectionSpec } from "../site/spec";

/** One gateway's end. */
export interface LayerTwoEndSpec {
  /** Name of the gateway. */
  gateway: string;
  /** Does it make room for such extensions? */
  room: boolean;
  /** The inside interface whose frames are bridged, as the kernel calls it. */
  interface: string;
  /** VLANs of it (1–4094), the n-th with the other end's n-th; 0: the frames without a tag, of an interface that nothing else uses. */
  vlans: number[];
}

/** An extension. */
export interface LayerTwoSpec {
  /** Lower-case DNS label of at most 40 characters; another than any other extension's on either gateway. */
  name: string;
  /** What it goes over. */
  connection: SiteConnectionSpec;
  left: LayerTwoEndSpec;
  right: LayerTwoEndSpec;
  /** Identifier of the first VLAN in the tunnel (1–16777215), VXLAN's VNI or GRE's key; the next ones have the next numbers. */
  vni: number;
  /**
   * False: hosts lower their MTU, and are told of it (VXLAN, whose driver answers for a bridge). True: frames of the
   * interface's whole MTU cross, the large ones in two packets (GRE).
   */
  fragment: boolean;
  /** Frames a second of broadcast, multicast and unknown unicast together that cross, each way (10–100000). */
  stormLimit: number;
  /** Stations on each side whose frames cross (1–65535). */
  mostStations: number;
  /** Seconds for which a station or an address that was heard here cannot come from beyond (10–3600); 0: it can at any time. */
  homeSeconds: number;
  /** Look at ARP and neighbour discovery, and let no router advertise itself to the other site? */
  neighbourGuard: boolean;
  /** Networks of the segment, in CIDR notation: nobody speaks for an address of another. Empty: any. */
  addresses: string[];
  /** Addresses that each site has for itself, such as its default gateway's: neither site hears of the other's. */
  localGateways: string[];
}

/** An extension as one of its ends sees it. */
export interface LayerTwoView {
  spec: LayerTwoSpec;
  side: Side;
  near: LayerTwoEndSpec;
  far: LayerTwoEndSpec;
}

export function layerTwoViewFrom(spec: LayerTwoSpec, side: Side): LayerTwoView {
  return side === "left" ? { spec, side, near: spec.left, far: spec.right } : { spec, side, near: spec.right, far: spec.left };
}
