import * as pulumi from "@pulumi/pulumi";
import { getSubnetOutput } from "@pulumi/aws/ec2/getSubnet";
import { getVpcOutput } from "@pulumi/aws/ec2/getVpc";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway";
import { Route } from "@pulumi/aws/ec2/route";
import { RouteTable } from "@pulumi/aws/ec2/routeTable";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation";
import { Subnet } from "@pulumi/aws/ec2/subnet";
import { Vpc } from "@pulumi/aws/ec2/vpc";

/** Tags of one resource. */
export type Tags = pulumi.Output<Record<string, string>>;

/** Where a gateway stands. */
export interface AwsNetwork {
  vpcId: pulumi.Output<string>;
  subnetId: pulumi.Output<string>;
  /** What must be there before a machine's first boot can reach the internet. */
  routed: pulumi.Resource[];
}

/** A VPC with one public subnet as large as itself. */
export function madeNetwork(name: string, cidr: pulumi.Output<string>, tags: Tags, opts: pulumi.CustomResourceOptions): AwsNetwork {
  const vpc = new Vpc(`${name}-vpc`, { cidrBlock: cidr, enableDnsSupport: true, enableDnsHostnames: true, tags }, opts);
  const internet = new InternetGateway(`${name}-internet`, { vpcId: vpc.id, tags }, opts);
  // No machine gets a public address by itself: the gateway's is its Elastic IP.
  const subnet = new Subnet(`${name}-subnet`, { vpcId: vpc.id, cidrBlock: cidr, mapPublicIpOnLaunch: false, tags }, opts);
  const table = new RouteTable(`${name}-routes`, { vpcId: vpc.id, tags }, opts);
  const route = new Route(`${name}-route-internet`, { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: internet.id }, opts);
  const association = new RouteTableAssociation(`${name}-routes-association`, { routeTableId: table.id, subnetId: subnet.id }, opts);
  return { vpcId: vpc.id, subnetId: subnet.id, routed: [route, association] };
}

/** The VPC of a subnet that was there before, and all of its ranges, IPv4 and IPv6. */
export function givenNetwork(
  subnetId: pulumi.Input<string>,
  opts: pulumi.InvokeOutputOptions,
): { network: AwsNetwork; vpcCidrs: pulumi.Output<string[]> } {
  const subnet = getSubnetOutput({ id: subnetId }, opts);
  const vpc = getVpcOutput({ id: subnet.vpcId }, opts);
  return {
    network: { vpcId: subnet.vpcId, subnetId: pulumi.output(subnetId), routed: [] },
    vpcCidrs: vpc.apply(({ cidrBlock, cidrBlockAssociations, ipv6CidrBlock }) => [
      ...new Set([cidrBlock, ...(cidrBlockAssociations ?? []).map((one) => one.cidrBlock), ipv6CidrBlock].filter((text) => text)),
    ]),
  };
}

/** Routes to the client pools, in each of the tables, through the gateway's interface. */
export function poolRoutes(
  name: string,
  tables: Readonly<Record<string, pulumi.Input<string>>>,
  pools: Readonly<Record<string, { cidr: pulumi.Output<string>; family: 4 | 6 }>>,
  networkInterfaceId: pulumi.Output<string>,
  opts: pulumi.CustomResourceOptions,
): Route[] {
  return Object.entries(tables).flatMap(([table, routeTableId]) =>
    Object.entries(pools).map(([pool, { cidr, family }]) => {
      const destination = family === 4 ? { destinationCidrBlock: cidr } : { destinationIpv6CidrBlock: cidr };
      return new Route(`${name}-route-${table}-${pool}`, { routeTableId, ...destination, networkInterfaceId }, opts);
    }),
  );
}
