import * as pulumi from "@pulumi/pulumi";
import { LabGatewayPair } from "../components/labGatewayPair";
import { LabWorld } from "../components/labWorld";
import { labName, remoteAccessConfig } from "./config";

/** A pair of gateways in the local lab, with a world around them. Its config is in `lab-pair.config.yaml`. */
export function labPair(): Record<string, unknown> {
  const config = new pulumi.Config();
  const world = new LabWorld("world", { lab: labName(), pair: true });
  const gateway = new LabGatewayPair("gateway", { world, front: config.get("front"), ...remoteAccessConfig(config) });
  return {
    lab: world.lab,
    address: gateway.address,
    machineIds: gateway.machineIds,
    worldConnection: world.connection,
    gatewayConnections: gateway.connections,
    clientSettings: gateway.clientSettings,
    clientProfiles: gateway.clientProfiles,
    identity: gateway.identity,
  };
}
