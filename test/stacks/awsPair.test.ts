import * as pulumi from "@pulumi/pulumi";
import { awsPair } from "../../stacks/awsPair";
import { calls } from "../components/aws/helpers";
import { ofType, record, registered, settled, valueOf } from "../components/mocks";
import { example } from "./example";

async function up(changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  await record(false, calls);
  pulumi.runtime.setAllConfig(example("aws-pair", changes));
  const outputs = awsPair();
  await valueOf(outputs.clientSettings as pulumi.Output<unknown>);
  await settled();
  return outputs;
}

test("the example is a pair behind an address that floats: IKEv2 alone", async () => {
  const outputs = await up();
  expect(registered.filter(({ type }) => type.startsWith("pulumi-vpn-gateway:")).map(({ type, name }) => `${type} ${name}`)).toEqual(["pulumi-vpn-gateway:aws:AwsGatewayPair office"]);
  expect(ofType("aws:ec2/instance:Instance").size).toBe(2);
  expect(ofType("aws:lb/loadBalancer:LoadBalancer").size).toBe(0);
  expect(registered.some(({ name }) => name === "office-pre-shared-key")).toBe(false);
  expect(await valueOf(outputs.address as pulumi.Output<string>)).toBe("198.51.100.20");
  expect(await Promise.all(["clientSettings", "gatewayConnections"].map((key) => pulumi.isSecret(outputs[key] as pulumi.Output<unknown>)))).toEqual([true, true]);
});

test("each key reaches the pair", async () => {
  await up({
    front: "loadBalancer", subnetIds: ["subnet-given", "subnet-other"], l2tp: "true", l2tpPool: "10.90.1.0/24", ikev2Pool: "10.90.2.0/24",
    instanceType: "c7a.medium", imageId: "ami-0123456789abcdef0", diskGigabytes: "20", tags: { cost: "42" },
  });
  expect(ofType("aws:lb/loadBalancer:LoadBalancer").get("office-nlb")).toMatchObject({ subnets: ["subnet-given", "subnet-other"], tags: { cost: "42" } });
  for (const inputs of ofType("aws:ec2/instance:Instance").values()) {
    expect(inputs).toMatchObject({ instanceType: "c7a.medium", ami: "ami-0123456789abcdef0", rootBlockDevice: { volumeSize: 20 }, tags: { cost: "42" } });
  }
});

test("each key of site connections and of L2TP reaches the pair, and each is left to the library where it is not said", async () => {
  await up({
    sites: { enabled: true }, siteNetworks: { branch: "10.30.0.0/24" }, routeTableIds: { main: "rtb-1" },
    l2tp: "true", openL2tpOutsideIpsec: "true", deadPeerDelay: "12",
  });
  expect([...ofType("aws:ec2/route:Route").values()].map(({ destinationCidrBlock }) => destinationCidrBlock)).toContain("10.30.0.0/24");
  const ports = () => [...ofType("aws:ec2/securityGroup:SecurityGroup").values()].flatMap(({ ingress }) => ingress as { fromPort: number }[]).map(({ fromPort }) => fromPort);
  expect(ports()).toContain(1701);
  const parts = () => [...ofType("command:remote:Command").values()].map(({ stdin }) => String(stdin)).join("");
  expect(parts()).toContain("dpd_delay = 12s");
  expect(parts()).toContain("file /etc/systemd/system/vpn-gateway-sites.service");
  await up({ l2tp: "true" });
  expect(ports()).not.toContain(1701);
  expect(parts()).toContain("dpd_delay = 30s");
  expect(parts()).not.toContain("file /etc/systemd/system/vpn-gateway-sites.service");
});
