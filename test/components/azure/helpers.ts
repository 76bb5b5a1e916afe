import { AzureGateway, AzureGatewayPair, type AzureGatewayArgs, type AzureGatewayPairArgs } from "../../../azure";
import type * as components from "../../../azure";
import { record, settled, valueOf, type Calls } from "../mocks";
import { previewsOf } from "../previews";

export const args: AzureGatewayArgs = {
  users: [{ name: "alice" }, { name: "bob", password: "hunter2-canary" }],
  l2tp: { enabled: true, preSharedKey: "canary-of-the-pre-shared-key" },
  administrators: ["203.0.113.0/24"],
};

const group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/given/providers/Microsoft.Network";
export const subnetId = `${group}/virtualNetworks/office/subnets/edge`;
export const routeTable = (name: string) => `${group}/routeTables/${name}`;

/** The cloud's answers: a virtual network of two ranges. */
export const calls: Calls = {
  "azure-native:authorization:getClientConfig": () => ({ clientId: "client", objectId: "object", subscriptionId: "subscription", tenantId: "tenant" }),
  "azure-native:network:getVirtualNetwork": ({ resourceGroupName, virtualNetworkName }) => {
    if (resourceGroupName !== "given" || virtualNetworkName !== "office") throw new Error(`no ${String(virtualNetworkName)} in ${String(resourceGroupName)}`);
    return { id: "network", name: "office", addressSpace: { addressPrefixes: ["172.31.0.0/16", "10.88.0.0/16"] } };
  },
};

/** A gateway on mocks, once every registration is recorded. */
export async function made(changes: Partial<AzureGatewayArgs> = {}): Promise<AzureGateway> {
  await record(false, calls);
  const gateway = new AzureGateway("office", { ...args, ...changes });
  await valueOf(gateway.clientSettings);
  await settled();
  return gateway;
}

/** A pair on mocks, likewise. */
export async function madePair(changes: Partial<AzureGatewayPairArgs> = {}): Promise<AzureGatewayPair> {
  await record(false, calls);
  const pair = new AzureGatewayPair("office", { ...args, ...changes });
  await valueOf(pair.clientSettings);
  await settled();
  return pair;
}

/** What previews of a component with each of these args say against it; they run beside the tests. */
export const previews = (component: keyof typeof components, changes: readonly object[]) => previewsOf("azure", component, changes);
