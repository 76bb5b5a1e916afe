import * as pulumi from "@pulumi/pulumi";
import { awsRemoteAccess } from "../../stacks/awsRemoteAccess";
import { calls } from "../components/aws/helpers";
import { ofType, record, registered, settled, valueOf } from "../components/mocks";
import { example } from "./example";

async function up(changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  await record(false, calls);
  pulumi.runtime.setAllConfig(example("aws-remote-access", changes));
  const outputs = awsRemoteAccess();
  await valueOf(outputs.clientSettings as pulumi.Output<unknown>);
  await settled();
  return outputs;
}

test("the example is a gateway: IKEv2 alone, SSH from administrators alone", async () => {
  const outputs = await up();
  expect(registered.filter(({ type }) => type.startsWith("pulumi-vpn-gateway:")).map(({ name }) => name)).toEqual(["office"]);
  expect(registered.some(({ name }) => name === "office-pre-shared-key")).toBe(false);
  const [{ ingress }] = [...ofType("aws:ec2/securityGroup:SecurityGroup").values()] as { ingress: { protocol: string; cidrBlocks: string[] }[] }[];
  expect(ingress.filter(({ protocol }) => protocol === "tcp").map(({ cidrBlocks }) => cidrBlocks)).toEqual([["203.0.113.0/24"]]);
  expect(await valueOf(outputs.address as pulumi.Output<string>)).toBe("198.51.100.20");
  expect(await pulumi.isSecret(outputs.clientSettings as pulumi.Output<unknown>)).toBe(true);
});

test("each key reaches the gateway", async () => {
  await up({
    l2tp: "true", l2tpPool: "10.90.1.0/24", ikev2Pool: "10.90.2.0/24", instanceType: "c7a.medium", subnetId: "subnet-given", platform: "ubuntu2404",
    routeTableIds: { main: "rtb-1" }, generation: "3", diskGigabytes: "20", tags: { cost: "42" }, peers: ["198.51.100.0/24"], diskKeyArn: "arn:aws:kms:x",
  });
  expect(ofType("aws:ec2/instance:Instance").get("office-machine-3")).toMatchObject({
    instanceType: "c7a.medium", rootBlockDevice: { volumeSize: 20, kmsKeyId: "arn:aws:kms:x" }, tags: { cost: "42" },
    ami: expect.stringContaining("ubuntu/server/24.04") as string,
  });
  expect([...ofType("aws:ec2/route:Route").values()].map(({ destinationCidrBlock }) => destinationCidrBlock).sort()).toEqual(["10.90.1.0/24", "10.90.2.0/24"]);
  const [{ ingress }] = [...ofType("aws:ec2/securityGroup:SecurityGroup").values()] as { ingress: { cidrBlocks: string[] }[] }[];
  expect(ingress[0].cidrBlocks).toEqual(["198.51.100.0/24"]);
});

test("a VPC Route Server, by its key, and none without it", async () => {
  const sites = { sites: { enabled: true, bgp: true }, insideNetworks: ["10.76.0.0/24"] };
  await up({ ...sites, routeServer: { as: 64513 } });
  expect([...ofType("aws:vpc/routeServer:RouteServer").values()]).toEqual([expect.objectContaining({ amazonSideAsn: 64513 })]);
  await up(sites);
  expect(ofType("aws:vpc/routeServer:RouteServer").size).toBe(0);
});
