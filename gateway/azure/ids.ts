/** Ids of Azure's resources: /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/KIND/NAME[/KIND/NAME]. */

export interface SubnetId {
  resourceGroupName: string;
  virtualNetworkName: string;
  subnetName: string;
}

export interface RouteTableId {
  resourceGroupName: string;
  routeTableName: string;
}

const within = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Network\//i.source;

export function parseSubnetId(id: string): SubnetId | undefined {
  const found = new RegExp(`${within}virtualNetworks/([^/]+)/subnets/([^/]+)$`, "i").exec(id);
  return found === null ? undefined : { resourceGroupName: found[1], virtualNetworkName: found[2], subnetName: found[3] };
}

export function parseRouteTableId(id: string): RouteTableId | undefined {
  const found = new RegExp(`${within}routeTables/([^/]+)$`, "i").exec(id);
  return found === null ? undefined : { resourceGroupName: found[1], routeTableName: found[2] };
}
