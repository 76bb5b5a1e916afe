import type { LayerTwoSpec } from "../../../gateway/layer2/spec";
import type { SiteConnectionSpec } from "../../../gateway/site/spec";
import { exampleSite } from "../site/specs";

/** A site connection that frames can go over. */
export function exampleTunnel(changes: Partial<SiteConnectionSpec> = {}): SiteConnectionSpec {
  return exampleSite({ layerTwo: { link: "169.254.64.6/31" }, ...changes });
}

/** Two VLANs of two gateways; what a test says otherwise replaces the whole field. */
export function exampleLayerTwo(changes: Partial<LayerTwoSpec> = {}): LayerTwoSpec {
  return {
    name: "stretched",
    connection: exampleTunnel(),
    left: { gateway: "office", room: true, interface: "lan0", vlans: [100, 200] },
    right: { gateway: "cloud", room: true, interface: "eth1", vlans: [100, 300] },
    vni: 5000,
    fragment: false,
    stormLimit: 200,
    mostStations: 1024,
    homeSeconds: 60,
    neighbourGuard: true,
    addresses: [],
    localGateways: [],
    ...changes,
  };
}
