import * as pulumi from "@pulumi/pulumi";
import { GcpGatewayPair } from "../components/gcp/gcpGatewayPair";
import { gcpConfig } from "./gcpConfig";

/** Two gateways as one on Google Cloud. Its config is in `gcp-pair.config.yaml`. */
export function gcpPair(): Record<string, unknown> {
  const config = new pulumi.Config();
  const gateway = new GcpGatewayPair(config.get("name") ?? "gateway", { ...gcpConfig(config), zones: config.getObject<string[]>("zones") });
  return {
    address: gateway.address,
    publicIps: gateway.publicIps,
    machineIds: gateway.machineIds,
    gatewayConnections: gateway.connections,
    clientSettings: gateway.clientSettings,
    clientProfiles: gateway.clientProfiles,
    identity: gateway.identity,
  };
}
