import * as pulumi from "@pulumi/pulumi";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones";
import { getSubnetOutput } from "@pulumi/aws/ec2/getSubnet";
import { getVpcOutput } from "@pulumi/aws/ec2/getVpc";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway";
import { Route } from "@pulumi/aws/ec2/route";
import { RouteTable } from "@pulumi/aws/ec2/routeTable";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation";
import { Subnet } from "@pulumi/aws/ec2/subnet";
import { Vpc } from "@pulumi/aws/ec2/vpc";
import { halvesOf, network } from "../../gateway/addressing";
import type { AwsSubnet } from "../../gateway/aws/validatePair";
import type { Pool } from "../cloud/pools";

/** Tags of one resource. */
export type Tags = pulumi.Output<Record<string, string>>;

/** Where a gateway stands. */
export interface AwsNetwork {
  vpcId: pulumi.Output<string>;
  subnetId: pulumi.Output<string>;
  /** What must be there before a machine's first boot can reach the internet. */
  routed: pulumi.Resource[];
  /** Of a network that is made: its table. */
  routeTableId?: pulumi.Output<string>;
}

function publicVpc(name: string, cidr: pulumi.Output<string>, tags: Tags, opts: pulumi.CustomResourceOptions) {
  const vpc = new Vpc(`${name}-vpc`, { cidrBlock: cidr, enableDnsSupport: true, enableDnsHostnames: true, tags }, opts);
  const internet = new InternetGateway(`${name}-internet`, { vpcId: vpc.id, tags }, opts);
  const table = new RouteTable(`${name}-routes`, { vpcId: vpc.id, tags }, opts);
  const route = new Route(`${name}-route-internet`, { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: internet.id }, opts);
  return { vpc, table, route };
}

/** A VPC with one public subnet as large as itself. */
export function madeNetwork(name: string, cidr: pulumi.Output<string>, tags: Tags, opts: pulumi.CustomResourceOptions): AwsNetwork {
  const { vpc, table, route } = publicVpc(name, cidr, tags, opts);
  // No machine gets a public address by itself: the gateway's is its Elastic IP.
  const subnet = new Subnet(`${name}-subnet`, { vpcId: vpc.id, cidrBlock: cidr, mapPublicIpOnLaunch: false, tags }, opts);
  const association = new RouteTableAssociation(`${name}-routes-association`, { routeTableId: table.id, subnetId: subnet.id }, opts);
  return { vpcId: vpc.id, subnetId: subnet.id, routed: [route, association], routeTableId: table.id };
}

/** Where the two machines of a pair stand. */
export interface AwsPairNetwork {
  vpcId: pulumi.Output<string>;
  subnetIds: [pulumi.Output<string>, pulumi.Output<string>];
  /** Ranges of the two subnets, where a load balancer's health checks come from. */
  subnetCidrs: pulumi.Output<string[]>;
  routed: pulumi.Resource[];
}

/** A VPC with a public subnet in each of two availability zones, each half as large as itself. */
export function madePairNetwork(name: string, cidr: pulumi.Output<string>, tags: Tags, opts: pulumi.CustomResourceOptions & pulumi.InvokeOutputOptions): AwsPairNetwork {
  const { vpc, table, route } = publicVpc(name, cidr, tags, opts);
  // Local and Wavelength Zones, which one opts in to, have neither all instance types nor load balancers.
  const zones = getAvailabilityZonesOutput({ state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] }, { parent: opts.parent });
  const halves = cidr.apply((whole) => halvesOf(network(whole)).map(({ text }) => text));
  const subnets = [0, 1].map((index) => {
    const number = index + 1;
    const subnet = new Subnet(
      `${name}-subnet-${number}`,
      { vpcId: vpc.id, cidrBlock: halves[index], availabilityZone: zones.names[index], mapPublicIpOnLaunch: false, tags },
      // A zone that is new to the region must not replace a subnet with a gateway in it.
      { ...opts, ignoreChanges: ["availabilityZone"] },
    );
    const association = new RouteTableAssociation(`${name}-routes-association-${number}`, { routeTableId: table.id, subnetId: subnet.id }, opts);
    return { id: subnet.id, association };
  });
  return {
    vpcId: vpc.id,
    subnetIds: [subnets[0].id, subnets[1].id],
    subnetCidrs: halves,
    routed: [route, ...subnets.map(({ association }) => association)],
  };
}

/** The VPC of a subnet that was there before, and all of its ranges, IPv4 and IPv6. */
export function givenNetwork(
  subnetId: pulumi.Input<string>,
  opts: pulumi.InvokeOutputOptions,
): { network: AwsNetwork; vpcCidrs: pulumi.Output<string[]>; subnet: pulumi.Output<AwsSubnet> } {
  const subnet = getSubnetOutput({ id: subnetId }, opts);
  const vpc = getVpcOutput({ id: subnet.vpcId }, opts);
  return {
    network: { vpcId: subnet.vpcId, subnetId: pulumi.output(subnetId), routed: [] },
    subnet: subnet.apply(({ id, vpcId, availabilityZone, cidrBlock }) => ({ id, vpcId, zone: availabilityZone, cidr: cidrBlock })),
    vpcCidrs: vpc.apply(({ cidrBlock, cidrBlockAssociations, ipv6CidrBlock }) => [
      ...new Set([cidrBlock, ...(cidrBlockAssociations ?? []).map((one) => one.cidrBlock), ipv6CidrBlock].filter((text) => text)),
    ]),
  };
}

/** Routes to the client pools, in each of the tables, through the gateway's interface. */
export function poolRoutes(
  name: string,
  tables: Readonly<Record<string, pulumi.Input<string>>>,
  pools: Readonly<Record<string, Pool>>,
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
