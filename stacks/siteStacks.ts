import * as pulumi from "@pulumi/pulumi";
import { Route as AwsRoute } from "@pulumi/aws/ec2";
import { Route as GcpRoute } from "@pulumi/gcp/compute";
import { AwsGateway } from "../components/aws/awsGateway";
import { GcpGateway } from "../components/gcp/gcpGateway";
import type { GatewaySite } from "../components/gatewaySite";

/** A gateway that is there for other sites alone, and the networks behind it, as the stack's config has them. */
export interface CloudSite {
  site: pulumi.Output<GatewaySite>;
  networks: string[];
  address: pulumi.Output<string>;
  /** Makes what stands in the cloud's own network send packets for these networks to the gateway. */
  reach(networks: readonly string[]): void;
}

/** What any gateway for sites takes: no users, room for BGP, and SSH from where `pulumi up` runs alone. */
export function siteGatewayConfig(config: pulumi.Config, cloud: string) {
  const networks = config.requireObject<string[]>(`${cloud}Networks`);
  return {
    users: [],
    ikev2: { enabled: false },
    sites: { enabled: true, bgp: true },
    insideNetworks: networks,
    administrators: config.requireObject<string[]>("administrators"),
    platform: config.get("platform"),
  };
}

/** On AWS: `awsNetworks`, `awsSubnetId`, `awsRouteTableIds` (by a word of yours), `awsInstanceType`. */
export function awsSite(config: pulumi.Config): CloudSite {
  const common = siteGatewayConfig(config, "aws");
  const gateway = new AwsGateway("aws", { ...common, subnetId: config.get("awsSubnetId"), instanceType: config.get("awsInstanceType") });
  if (gateway.site === undefined) throw new pulumi.RunError("a gateway on AWS that is not reached over SSH has no site connections");
  const tables = config.getObject<Record<string, string>>("awsRouteTableIds") ?? {};
  return {
    site: gateway.site,
    networks: common.insideNetworks,
    address: gateway.address,
    reach: (networks) => {
      for (const [word, routeTableId] of Object.entries(tables))
        for (const network of networks) new AwsRoute(`aws-${word}-${named(network)}`, { routeTableId, ...destination(network), networkInterfaceId: gateway.networkInterfaceId });
    },
  };
}

/** On Google Cloud: `gcpNetworks`, `gcpZone`, `gcpSubnetwork`, `gcpNetwork` (self link, for the ways back), `gcpMachineType`. */
export function gcpSite(config: pulumi.Config): CloudSite {
  const common = siteGatewayConfig(config, "gcp");
  const gateway = new GcpGateway("gcp", { ...common, zone: config.get("gcpZone"), subnetwork: config.get("gcpSubnetwork"), machineType: config.get("gcpMachineType") });
  const vpc = config.get("gcpNetwork");
  return {
    site: gateway.site,
    networks: common.insideNetworks,
    address: gateway.address,
    reach: (networks) => {
      if (vpc === undefined) return;
      for (const network of networks.filter((text) => !text.includes(":")))
        new GcpRoute(`gcp-${named(network)}`, { network: vpc, destRange: network, nextHopInstance: gateway.machineSelfLink, description: "Another site, by the VPN gateway" });
    },
  };
}

function destination(network: string): { destinationCidrBlock: string } | { destinationIpv6CidrBlock: string } {
  return network.includes(":") ? { destinationIpv6CidrBlock: network } : { destinationCidrBlock: network };
}

function named(network: string): string {
  return network.replace(/[^0-9a-f]+/g, "-");
}
