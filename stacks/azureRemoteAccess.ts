import * as pulumi from "@pulumi/pulumi";
import { AzureGateway } from "../components/azure/azureGateway";
import { azureConfig } from "./azureConfig";

/**
 * A gateway on Azure, in the subscription that the environment says and the region that `azure-native:location` or its
 * own says. Its config is in `azure-remote-access.config.yaml`.
 */
export function azureRemoteAccess(): Record<string, unknown> {
  const config = new pulumi.Config();
  const gateway = new AzureGateway(config.get("name") ?? "gateway", {
    ...azureConfig(config),
    subnetId: config.get("subnetId"),
    zone: config.get("zone"),
    generation: config.getNumber("generation"),
  });
  return {
    address: gateway.address,
    privateIp: gateway.privateIp,
    machineId: gateway.machineId,
    networkInterfaceId: gateway.networkInterfaceId,
    gatewayConnection: gateway.connection,
    clientSettings: gateway.clientSettings,
    clientProfiles: gateway.clientProfiles,
    identity: gateway.identity,
  };
}
