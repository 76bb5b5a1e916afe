import * as pulumi from "@pulumi/pulumi";
import { LabGateway, type LabGatewayArgs } from "../components/labGateway";
import { LabWorld } from "../components/labWorld";
import { labName, remoteAccessConfig } from "./config";

/** The local lab: a world with clients behind a NAT, and a gateway in it. Its config is in `lab.config.yaml`. */
export function lab(): Record<string, unknown> {
  const config = new pulumi.Config();
  const world = new LabWorld("world", { lab: labName() });
  const gateway = new LabGateway("gateway", {
    world,
    image: config.get("image") as LabGatewayArgs["image"],
    memoryMegabytes: config.getNumber("memoryMegabytes"),
    vcpus: config.getNumber("vcpus"),
    ...remoteAccessConfig(config),
  });
  return {
    lab: world.lab,
    address: gateway.address,
    machineId: gateway.machineId,
    worldConnection: world.connection,
    gatewayConnection: gateway.connection,
    clientSettings: gateway.clientSettings,
    clientProfiles: gateway.clientProfiles,
    identity: gateway.identity,
  };
}
