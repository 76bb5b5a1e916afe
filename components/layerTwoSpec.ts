import * as pulumi from "@pulumi/pulumi";
import { vniOf } from "../gateway/layer2/names";
import type { LayerTwoEndSpec, LayerTwoSpec } from "../gateway/layer2/spec";
import { attempt } from "./attempt";
import type { SiteTunnel } from "./siteTunnel";

/** One gateway's end of a `LayerTwoExtension`. */
export interface LayerTwoEndArgs {
  /** The inside interface whose frames are bridged, as `ip link` shows it on the gateway. */
  interface: pulumi.Input<string>;
  /** VLANs of it at this end, each joined with the other end's in the same place. @default the extension's `vlans` */
  vlans?: pulumi.Input<pulumi.Input<number>[]>;
}

/** Args of `LayerTwoExtension`. */
export interface LayerTwoArgs {
  /** The `tunnel` of a site connection with `layerTwo: true`, between gateways with `sites: { enabled: true, layerTwo: true }`. */
  over: pulumi.Input<SiteTunnel>;
  left: LayerTwoEndArgs;
  right: LayerTwoEndArgs;
  /** VLANs that both sites share (1–4094). @default the frames without a tag, of interfaces that nothing else uses */
  vlans?: pulumi.Input<pulumi.Input<number>[]>;
  /** Identifier of the first VLAN within the tunnel (1–16777215); the next ones have the next numbers. @default one by the name */
  vni?: pulumi.Input<number>;
  /**
   * Let frames of the interface's whole MTU cross, the large ones in two packets. Without it hosts lower their MTU to the
   * output `mtu`, and who sends more is told. @default false
   */
  fragment?: pulumi.Input<boolean>;
  /** Frames a second of broadcast, multicast and unknown unicast together that cross, each way. @default 200 */
  stormLimit?: pulumi.Input<number>;
  /** Stations on each side whose frames cross. @default 1024 */
  mostStations?: pulumi.Input<number>;
  /** Seconds for which a station or an address that was heard on one side cannot come from the other; 0: it can. @default 60 */
  homeSeconds?: pulumi.Input<number>;
  /** Look at ARP and neighbour discovery, and let no router advertise itself to the other site. @default true */
  neighbourGuard?: pulumi.Input<boolean>;
  /** Networks of the segment, in CIDR notation: nobody speaks for an address of another. @default any */
  addresses?: pulumi.Input<pulumi.Input<string>[]>;
  /** Addresses that each site has for itself, such as its default gateway's: neither hears of the other's. @default none */
  localGateways?: pulumi.Input<pulumi.Input<string>[]>;
}

/** The one place where an extension's inputs become plain data. Says nothing of whether they make sense. */
export function resolveLayerTwo(name: string, args: LayerTwoArgs): pulumi.Output<LayerTwoSpec> {
  // Field by field: a preview may know all of them and not the machines.
  const over = pulumi.output(args.over);
  const gateway = (side: "left" | "right") => {
    // There is none at the end of a connection to a device: a field of nothing is nothing.
    const site = over[side] as pulumi.Output<SiteTunnel["left"]>;
    return { name: site.name as pulumi.Output<string | undefined>, room: site.layerTwo as pulumi.Output<boolean | undefined> };
  };
  return pulumi
    .output({
      connection: over.connection, gateways: { left: gateway("left"), right: gateway("right") }, left: args.left, right: args.right, vlans: args.vlans, vni: args.vni,
      fragment: args.fragment, stormLimit: args.stormLimit, mostStations: args.mostStations, homeSeconds: args.homeSeconds,
      neighbourGuard: args.neighbourGuard, addresses: args.addresses, localGateways: args.localGateways,
    })
    .apply((a) => attempt((): LayerTwoSpec => {
      const end = (side: "left" | "right"): LayerTwoEndSpec => ({
        gateway: a.gateways[side].name ?? a.connection[side].name,
        room: a.gateways[side].room === true,
        interface: a[side].interface,
        vlans: [...(a[side].vlans ?? a.vlans ?? [0])],
      });
      return {
        name,
        connection: a.connection as LayerTwoSpec["connection"],
        left: end("left"),
        right: end("right"),
        vni: a.vni ?? vniOf(name),
        fragment: a.fragment ?? false,
        stormLimit: a.stormLimit ?? 200,
        mostStations: a.mostStations ?? 1024,
        homeSeconds: a.homeSeconds ?? 60,
        neighbourGuard: a.neighbourGuard ?? true,
        addresses: a.addresses ?? [],
        localGateways: a.localGateways ?? [],
      };
    }));
}
