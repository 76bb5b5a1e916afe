import { AwsGateway, AwsGatewayPair, type AwsGatewayArgs, type AwsGatewayPairArgs } from "../../../aws";
import type * as components from "../../../aws";
import { record, settled, valueOf, type Calls } from "../mocks";
import { previewsOf } from "../previews";

export const args: AwsGatewayArgs = {
  users: [{ name: "alice" }, { name: "bob", password: "hunter2-canary" }],
  l2tp: { enabled: true, preSharedKey: "canary-of-the-pre-shared-key" },
  administrators: ["203.0.113.0/24"],
};

/** The cloud's answers: images by parameter, and a VPC of two ranges. */
export const calls: Calls = {
  "aws:ssm/getParameter:getParameter": ({ name }) => ({ name, value: `ami-of-${String(name)}`, id: name, type: "String" }),
  "aws:ec2/getSubnet:getSubnet": ({ id }) => ({
    id,
    vpcId: id === "subnet-elsewhere" ? "vpc-elsewhere" : "vpc-given",
    cidrBlock: id === "subnet-other" ? "172.31.2.0/24" : "172.31.1.0/24",
    availabilityZone: id === "subnet-other" ? "eu-central-1b" : "eu-central-1a",
  }),
  "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({ id: "eu-central-1", names: ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }),
  // Two of those that AWS publishes.
  "aws:index/getIpRanges:getIpRanges": ({ services }) => ({
    id: "1", services, cidrBlocks: ["15.177.0.0/18", "54.228.16.0/26"], ipv6CidrBlocks: [], createDate: "2026-11-01-00-00-00", syncToken: 1,
  }),
  "aws:ec2/getVpc:getVpc": ({ id }) => ({
    id,
    cidrBlock: "172.31.0.0/16",
    cidrBlockAssociations: [{ cidrBlock: "172.31.0.0/16" }, { cidrBlock: "10.77.0.0/16" }],
    ipv6CidrBlock: "",
  }),
};

/** A gateway on mocks, once every registration is recorded. */
export async function made(changes: Partial<AwsGatewayArgs> = {}): Promise<AwsGateway> {
  await record(false, calls);
  const gateway = new AwsGateway("office", { ...args, ...changes });
  await valueOf(gateway.clientSettings);
  await settled();
  return gateway;
}

/** A pair on mocks. Both ranges of the VPC that is given are apart from its pools. */
export async function madePair(changes: Partial<AwsGatewayPairArgs> = {}): Promise<AwsGatewayPair> {
  await record(false, calls);
  const pair = new AwsGatewayPair("office", { ...args, ...changes });
  await valueOf(pair.clientSettings);
  await settled();
  return pair;
}

/** What previews of a component with each of these args say against it; they run beside the tests. */
export const previews = (component: keyof typeof components, changes: readonly object[]) => previewsOf("aws", component, changes);
