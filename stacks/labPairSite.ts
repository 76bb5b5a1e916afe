import * as pulumi from "@pulumi/pulumi";
import { LabGateway } from "../components/labGateway";
import { LabGatewayPair } from "../components/labGatewayPair";
import { LabWorld } from "../components/labWorld";
import { SiteConnection } from "../components/siteConnection";
import { labAddresses, labClouds } from "../lab/networks";
import { labName } from "./config";

/**
 * A pair of gateways in the first cloud of the local lab and a gateway in the second, and what is between them: a connection
 * by the address that moves, or one with BGP to each machine. Its config is in `lab-pair-site.config.yaml`.
 */
export function labPairSite(): Record<string, unknown> {
  const config = new pulumi.Config();
  const world = new LabWorld("world", { lab: labName(), pair: true, clouds: 2 });
  const common = { world, users: [], ikev2: { enabled: false }, sites: { enabled: true, bgp: true }, administrators: [labAddresses.management] };
  const pair = new LabGatewayPair("gateway", { ...common, insideNetworks: [labClouds[0].network] });
  const branch = new LabGateway("branch", { ...common, cloud: 2, wire: 3, insideNetworks: [labClouds[1].network] });
  if (config.getBoolean("connection") !== false) {
    if (config.get("ends") === "members") {
      pair.members.forEach(({ site }, index) => new SiteConnection(`member-${index + 1}-to-branch`, { left: site, right: branch.site, routing: "bgp" }));
    } else {
      new SiteConnection("pair-to-branch", { left: pair.site, right: branch.site });
    }
  }
  return {
    lab: world.lab,
    address: pair.address,
    machineIds: pulumi.all([pair.machineIds, branch.machineId]).apply(([both, one]) => [...both, one]),
    worldConnection: world.connection,
    // The pair's machines first, as `Pair` counts them.
    gatewayConnections: pulumi.secret(pulumi.all([pair.connections, branch.connection]).apply(([both, one]) => [...both, one])),
    clientSettings: pair.clientSettings,
  };
}
