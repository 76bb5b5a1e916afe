import * as pulumi from "@pulumi/pulumi";
import { LabGateway } from "../components/labGateway";
import { LabWorld } from "../components/labWorld";
import { Mesh } from "../components/mesh";
import { SiteConnection } from "../components/siteConnection";
import { labAddresses, labClouds, labShared, type LabCloud } from "../lab/networks";
import { labName } from "./config";

/**
 * Three clouds of the local lab with a gateway each, joined by a `Mesh`. The second and the third have one network in
 * common, of which the second is liked more: two regions that stand in for one another. Its config is in
 * `lab-mesh.config.yaml`.
 */
export function labMesh(): Record<string, unknown> {
  const config = new pulumi.Config();
  const world = new LabWorld("world", { lab: labName(), clouds: labClouds.length });
  const clouds = labClouds.map((_, index) => (index + 1) as LabCloud);
  const gateways = clouds.map((cloud) => {
    const { network, network6 } = labClouds[cloud - 1];
    return new LabGateway(`gateway-${cloud}`, {
      world,
      cloud,
      users: [],
      ikev2: { enabled: false },
      sites: { enabled: true, bgp: true, revocation: config.getBoolean("revocation") },
      insideNetworks: [network, network6, ...(cloud === 1 ? [] : [labShared.network])],
      administrators: [labAddresses.management],
    });
  });
  const bfdInterval = config.getNumber("bfdInterval");
  const mesh = new Mesh("mesh", {
    // All three machines stand; so many of them are joined.
    gateways: clouds.slice(0, config.getNumber("joined")).map((cloud) => ({
      name: `gateway-${cloud}`,
      site: gateways[cloud - 1].site,
      as: cloud === 3 ? config.getNumber("thirdAs") : undefined,
      preference: cloud === 2 ? 200 : undefined,
    })),
    hubs: config.getObject<string[]>("hubs"),
    authentication: config.get("authentication"),
    revoked: config.getObject<string[]>("revoked"),
    sharedNetworks: [labShared.network],
    bfdInterval,
  });
  // A second tunnel between two gateways that have one already.
  if (config.getBoolean("second") === true) {
    new SiteConnection("second", {
      left: gateways[0].site,
      right: gateways[1].site,
      routing: "bgp",
      bgp: { rightPreference: 200, bfdInterval },
    });
  }
  return {
    lab: world.lab,
    address: gateways[0].address,
    machineIds: gateways.map(({ machineId }) => machineId),
    worldConnection: world.connection,
    gatewayConnections: pulumi.secret(pulumi.all(gateways.map(({ connection }) => connection))),
    clientSettings: gateways[0].clientSettings,
    connections: mesh.connections,
  };
}
