import * as pulumi from "@pulumi/pulumi";
import { AzureGateway } from "../components/azure/azureGateway";
import { Mesh } from "../components/mesh";
import { awsSite, gcpSite, siteGatewayConfig } from "./siteStacks";

/**
 * AWS, Google Cloud and Azure with a gateway each, joined by a mesh. Azure's: `azureNetworks`, `azureLocation`,
 * `azureSubnetId`, `azureVmSize`; its route tables are yours, with the gateway's `azurePrivateIp` as next hop.
 */
export function threeClouds(): Record<string, unknown> {
  const config = new pulumi.Config();
  const [aws, gcp] = [awsSite(config), gcpSite(config)];
  const common = siteGatewayConfig(config, "azure");
  const azure = new AzureGateway("azure", {
    ...common,
    location: config.get("azureLocation"),
    subnetId: config.get("azureSubnetId"),
    vmSize: config.get("azureVmSize"),
  });
  const mesh = new Mesh("clouds", {
    gateways: [
      { name: "aws", site: aws.site },
      { name: "gcp", site: gcp.site },
      { name: "azure", site: azure.site },
    ],
    sharedNetworks: config.getObject<string[]>("sharedNetworks"),
  });
  aws.reach([...gcp.networks, ...common.insideNetworks]);
  gcp.reach([...aws.networks, ...common.insideNetworks]);
  return { awsAddress: aws.address, gcpAddress: gcp.address, azureAddress: azure.address, azurePrivateIp: azure.privateIp, connections: mesh.connections };
}
