import * as pulumi from "@pulumi/pulumi";
import { AwsGatewayPair } from "../components/aws/awsGatewayPair";
import { awsConfig } from "./awsConfig";

/** Two gateways as one on AWS. Its config is in `aws-pair.config.yaml`. */
export function awsPair(): Record<string, unknown> {
  const config = new pulumi.Config();
  const gateway = new AwsGatewayPair(config.get("name") ?? "gateway", {
    ...awsConfig(config),
    front: config.get("front"),
    siteNetworks: config.getObject<Record<string, string>>("siteNetworks"),
    zoneId: config.get("zoneId"),
    subnetIds: config.getObject<string[]>("subnetIds"),
  });
  return {
    address: gateway.address,
    publicIps: gateway.publicIps,
    machineIds: gateway.machineIds,
    networkInterfaceIds: gateway.networkInterfaceIds,
    ...(gateway.connections === undefined ? {} : { gatewayConnections: gateway.connections }),
    clientSettings: gateway.clientSettings,
    clientProfiles: gateway.clientProfiles,
    identity: gateway.identity,
  };
}
