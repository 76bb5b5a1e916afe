import * as pulumi from "@pulumi/pulumi";
import { getVirtualNetworkOutput } from "@pulumi/azure-native/network/getVirtualNetwork";
import { NetworkSecurityGroup } from "@pulumi/azure-native/network/networkSecurityGroup";
import { PublicIPAddress } from "@pulumi/azure-native/network/publicIPAddress";
import { Route } from "@pulumi/azure-native/network/route";
import { VirtualNetwork } from "@pulumi/azure-native/network/virtualNetwork";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup";
import { parseRouteTableId, parseSubnetId } from "../../gateway/azure/ids";
import { securityRules, type SecurityPlan } from "../../gateway/azure/securityRules";
import type { Pool } from "../cloud/pools";

/** Tags of one resource. */
export type Tags = pulumi.Output<Record<string, string>>;

/** Where everything is made. */
export interface Place {
  resourceGroupName: pulumi.Output<string>;
  /** None: the resource group's own. */
  location?: pulumi.Input<string>;
}

/** The resource group that is given, or one of the gateway's own. */
export function placeOf(name: string, args: { resourceGroupName?: pulumi.Input<string>; location?: pulumi.Input<string> }, good: pulumi.Output<unknown>, tags: Tags, opts: pulumi.CustomResourceOptions): Place {
  const location = args.location === undefined ? {} : { location: args.location };
  if (args.resourceGroupName !== undefined) {
    return { resourceGroupName: pulumi.all([good, args.resourceGroupName]).apply(([, given]) => given), ...location };
  }
  const group = new ResourceGroup(`${name}-group`, { tags, ...location }, opts);
  return { resourceGroupName: group.name, ...location };
}

/** A virtual network with one subnet as large as itself; gives the subnet's id. */
export function madeNetwork(name: string, place: Place, cidr: pulumi.Output<string>, tags: Tags, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const network = new VirtualNetwork(
    `${name}-network`,
    {
      ...place,
      addressSpace: { addressPrefixes: [cidr] },
      // The gateway has a public address of its own, and nothing else is here.
      subnets: [{ name: "gateway", addressPrefix: cidr, defaultOutboundAccess: false }],
      tags,
    },
    opts,
  );
  return network.subnets.apply((subnets) => subnets?.[0]?.id ?? "");
}

/** All ranges of the virtual network of a subnet that was there before; none for an id that is refused. */
export function rangesOf(subnetId: pulumi.Input<string>, opts: pulumi.InvokeOutputOptions): pulumi.Output<string[]> {
  return pulumi.output(subnetId).apply((id) => {
    const parsed = parseSubnetId(id);
    if (parsed === undefined) return pulumi.output<string[]>([]);
    const { resourceGroupName, virtualNetworkName } = parsed;
    return getVirtualNetworkOutput({ resourceGroupName, virtualNetworkName }, opts).apply(({ addressSpace }) => addressSpace?.addressPrefixes ?? []);
  });
}

/** What may reach a gateway from outside; out goes anything, as the group's default rules have it. */
export function securityGroup(name: string, place: Place, plan: pulumi.Output<SecurityPlan>, tags: Tags, opts: pulumi.CustomResourceOptions): NetworkSecurityGroup {
  return new NetworkSecurityGroup(`${name}-security-group`, { ...place, securityRules: plan.apply(securityRules), tags }, opts);
}

/** A public address that outlives every machine that has it; of several zones it is of them all at once. */
export function publicAddress(name: string, place: Place, zones: readonly pulumi.Input<string>[], tags: Tags, opts: pulumi.CustomResourceOptions): PublicIPAddress {
  return new PublicIPAddress(
    `${name}-address`,
    { ...place, sku: { name: "Standard" }, publicIPAllocationMethod: "Static", publicIPAddressVersion: "IPv4", ...(zones.length === 0 ? {} : { zones: [...zones] }), tags },
    opts,
  );
}

/** Routes to the client pools of IPv4, in each of the tables, through the gateway's address in its network. */
export function poolRoutes(name: string, tables: Readonly<Record<string, pulumi.Input<string>>>, pools: Readonly<Record<string, Pool>>, nextHopIpAddress: pulumi.Output<string>, opts: pulumi.CustomResourceOptions): Route[] {
  return Object.entries(tables).flatMap(([table, id]) => {
    const parsed = pulumi.output(id).apply((plain) => parseRouteTableId(plain) ?? { resourceGroupName: "", routeTableName: "" });
    return Object.entries(pools)
      .filter(([, { family }]) => family === 4)
      .map(([pool, { cidr }]) =>
        new Route(
          `${name}-route-${table}-${pool}`,
          { resourceGroupName: parsed.resourceGroupName, routeTableName: parsed.routeTableName, addressPrefix: cidr, nextHopType: "VirtualAppliance", nextHopIpAddress },
          opts,
        ),
      );
  });
}
