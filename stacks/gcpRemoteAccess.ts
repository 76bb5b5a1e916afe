import * as pulumi from "@pulumi/pulumi";
import { GcpGateway } from "../components/gcp/gcpGateway";
import { gcpConfig } from "./gcpConfig";

/**
 * A gateway on Google Cloud, in the project that `gcp:project` says and the zone that `gcp:zone` or its own says. Its
 * config is in `gcp-remote-access.config.yaml`.
 */
export function gcpRemoteAccess(): Record<string, unknown> {
  const config = new pulumi.Config();
  const gateway = new GcpGateway(config.get("name") ?? "gateway", {
    ...gcpConfig(config),
    zone: config.get("zone"),
    generation: config.getNumber("generation"),
  });
  return {
    address: gateway.address,
    privateIp: gateway.privateIp,
    machineId: gateway.machineId,
    machineSelfLink: gateway.machineSelfLink,
    gatewayConnection: gateway.connection,
    clientSettings: gateway.clientSettings,
    clientProfiles: gateway.clientProfiles,
    identity: gateway.identity,
  };
}
