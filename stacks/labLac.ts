import * as pulumi from "@pulumi/pulumi";
import { LabGateway } from "../components/labGateway";
import { LabWorld } from "../components/labWorld";
import { LacConnection } from "../components/lacConnection";
import { labForeignLns } from "../lab/lac";
import { labAddresses, labClouds, labDevice } from "../lab/networks";
import { labName } from "./config";

/**
 * Two clouds of the local lab. The first one's gateway, an L2TP server of its own, dials out: to the second cloud's, and to
 * a server that is not ours. Its config is in `lab-lac.config.yaml`.
 */
export function labLac(): Record<string, unknown> {
  const config = new pulumi.Config();
  const world = new LabWorld("world", { lab: labName(), clouds: 2 });
  const common = { world, l2tp: { enabled: true }, ikev2: { enabled: false }, administrators: [labAddresses.management], dns: [labAddresses.internetHost] };
  const office = new LabGateway("gateway-1", {
    ...common,
    cloud: 1,
    users: [{ name: "alice" }],
    sites: { enabled: true, lac: true },
    insideNetworks: [labClouds[0].network],
  });
  const cloud = new LabGateway("gateway-2", {
    ...common,
    cloud: 2,
    users: [{ name: "office" }],
    // Not the first one's: its clients and what it is given here are told apart by address.
    l2tp: { enabled: true, pool: "10.78.1.0/24" },
    insideNetworks: [labClouds[1].network],
  });
  if (config.getBoolean("own") === true) {
    new LacConnection("office-to-cloud", {
      gateway: office.site,
      lns: cloud.address,
      preSharedKey: cloud.clientSettings.preSharedKey,
      user: "office",
      password: config.get("password") ?? cloud.clientSettings.passwords.apply(({ office: password }) => password),
      networks: [labClouds[1].network],
    });
  }
  if (config.getBoolean("foreign") === true) {
    const { preSharedKey, user, password } = labForeignLns;
    new LacConnection("office-to-head", {
      gateway: office.site,
      lns: labDevice.address,
      preSharedKey,
      user,
      password: config.get("password") ?? password,
      networks: [labDevice.network],
    });
  }
  const gateways = [office, cloud];
  return {
    lab: world.lab,
    address: office.address,
    machineIds: gateways.map(({ machineId }) => machineId),
    worldConnection: world.connection,
    gatewayConnections: pulumi.secret(pulumi.all(gateways.map(({ connection: toIt }) => toIt))),
    clientSettings: office.clientSettings,
  };
}
