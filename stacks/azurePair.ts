import * as pulumi from "@pulumi/pulumi";
import { AzureGatewayPair } from "../components/azure/azureGatewayPair";
import { azureConfig } from "./azureConfig";

/** Two gateways as one on Azure. Its config is in `azure-pair.config.yaml`. */
export function azurePair(): Record<string, unknown> {
  const config = new pulumi.Config();
  const gateway = new AzureGatewayPair(config.get("name") ?? "gateway", {
    ...azureConfig(config),
    subnetId: config.get("subnetId"),
    zones: config.getObject<string[]>("zones"),
  });
  return {
    address: gateway.address,
    publicIps: gateway.publicIps,
    privateIps: gateway.privateIps,
    machineIds: gateway.machineIds,
    gatewayConnections: gateway.connections,
    clientSettings: gateway.clientSettings,
    clientProfiles: gateway.clientProfiles,
    identity: gateway.identity,
  };
}
