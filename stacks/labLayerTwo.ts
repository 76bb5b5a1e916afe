import * as pulumi from "@pulumi/pulumi";
import { LabGateway } from "../components/labGateway";
import { LabWorld } from "../components/labWorld";
import { LayerTwoExtension } from "../components/layerTwoExtension";
import { SiteConnection } from "../components/siteConnection";
import { labSegment } from "../lab/layerTwo";
import { labAddresses, labClouds } from "../lab/networks";
import { labName } from "./config";

/**
 * Two clouds of the local lab with a gateway each, a site connection between them, and a VLAN of both inside networks that is
 * one segment. Its config is in `lab-layer2.config.yaml`.
 */
export function labLayerTwo(): Record<string, unknown> {
  const config = new pulumi.Config();
  const world = new LabWorld("world", { lab: labName(), clouds: 2 });
  const [office, cloud] = ([1, 2] as const).map((number) => new LabGateway(`gateway-${number}`, {
    world,
    cloud: number,
    users: [],
    ikev2: { enabled: false },
    sites: { enabled: true, layerTwo: true },
    insideNetworks: [labClouds[number - 1].network],
    administrators: [labAddresses.management],
  }));
  const connection = new SiteConnection(labSegment.connection, { left: office.site, right: cloud.site, layerTwo: true });
  const inside = config.get("interface") ?? "lan0";
  const extension =
    config.getBoolean("extension") === false
      ? undefined
      : new LayerTwoExtension(labSegment.name, {
          over: connection.tunnel,
          left: { interface: inside, vlans: config.getObject<number[]>("leftVlans") },
          right: { interface: "lan0", vlans: config.getObject<number[]>("rightVlans") },
          vlans: config.getObject<number[]>("vlans") ?? [labSegment.vlan],
          fragment: config.getBoolean("fragment"),
          stormLimit: labSegment.stormLimit,
          homeSeconds: config.getNumber("homeSeconds"),
          addresses: [labSegment.network, labSegment.network6],
          localGateways: [labSegment.localGateway],
        });
  return {
    lab: world.lab,
    address: office.address,
    machineIds: [office, cloud].map(({ machineId }) => machineId),
    worldConnection: world.connection,
    gatewayConnections: pulumi.secret(pulumi.all([office.connection, cloud.connection])),
    clientSettings: office.clientSettings,
    mtu: extension?.mtu,
  };
}
