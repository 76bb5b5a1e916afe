import { GcpGateway, GcpGatewayPair, type GcpGatewayArgs, type GcpGatewayPairArgs } from "../../../gcp";
import type * as components from "../../../gcp";
import { record, settled, valueOf, type Calls } from "../mocks";
import { previewsOf } from "../previews";

export const args: GcpGatewayArgs = {
  users: [{ name: "alice" }, { name: "bob", password: "hunter2-canary" }],
  l2tp: { enabled: true, preSharedKey: "canary-of-the-pre-shared-key" },
  administrators: ["203.0.113.0/24"],
};

/** The cloud's answers: images by family, a subnetwork of two ranges, zones. */
export const calls: Calls = {
  "gcp:compute/getImage:getImage": ({ project, family }) => ({ id: "image", selfLink: `newest-of-${String(project)}-${String(family)}` }),
  "gcp:compute/getSubnetwork:getSubnetwork": ({ selfLink }) => ({
    id: selfLink,
    selfLink,
    network: "network-given",
    ipCidrRange: "172.31.1.0/24",
    secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "10.88.0.0/16" }],
    region: "europe-west3",
  }),
  "gcp:compute/getZones:getZones": ({ region }) => ({ id: "zones", region, names: ["europe-west3-a", "europe-west3-b", "europe-west3-c"] }),
};

/** A gateway on mocks, once every registration is recorded. */
export async function made(changes: Partial<GcpGatewayArgs> = {}): Promise<GcpGateway> {
  await record(false, calls);
  const gateway = new GcpGateway("office", { ...args, ...changes });
  await valueOf(gateway.clientSettings);
  await settled();
  return gateway;
}

/** A pair on mocks. */
export async function madePair(changes: Partial<GcpGatewayPairArgs> = {}): Promise<GcpGatewayPair> {
  await record(false, calls);
  const pair = new GcpGatewayPair("office", { ...args, ...changes });
  await valueOf(pair.clientSettings);
  await settled();
  return pair;
}

/** What previews of a component with each of these args say against it; they run beside the tests. */
export const previews = (component: keyof typeof components, changes: readonly object[]) => previewsOf("gcp", component, changes);
