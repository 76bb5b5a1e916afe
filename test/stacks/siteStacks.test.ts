import * as pulumi from "@pulumi/pulumi";
import { awsToGcp } from "../../stacks/awsToGcp";
import { awsToOnPremises } from "../../stacks/awsToOnPremises";
import { threeClouds } from "../../stacks/threeClouds";
import { calls as aws } from "../components/aws/helpers";
import { calls as azure } from "../components/azure/helpers";
import { calls as gcp } from "../components/gcp/helpers";
import { ofType, record, registered, settled, textOf, valueOf } from "../components/mocks";
import { example } from "./example";

type Program = () => Record<string, unknown>;

async function up(program: Program, name: string, changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  await record(false, { ...aws, ...azure, ...gcp });
  pulumi.runtime.setAllConfig(example(name, changes));
  const outputs = program();
  for (const output of Object.values(outputs)) await valueOf(output as pulumi.Output<unknown>);
  await settled();
  return outputs;
}

const components = () => registered.filter(({ type }) => type.startsWith("pulumi-vpn-gateway:")).map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).sort();
const pushed = (name: string) => textOf([...ofType("command:remote:Command")].find(([key]) => key === name)![1].stdin);

test("aws-to-gcp: a gateway in each, one connection with BGP, and ways back where route tables are named", async () => {
  const outputs = await up(awsToGcp, "aws-to-gcp", { awsRouteTableIds: { main: "rtb-1" }, gcpNetwork: "projects/p/global/networks/n" });
  expect(components()).toEqual(["AwsGateway aws", "GcpGateway gcp", "SiteConnection aws-to-gcp"]);
  const left = pushed("aws-to-gcp-left-site-aws-to-gcp");
  expect(left).toContain("far seq 5 permit 10.50.0.0/16 le 32");
  expect(left).toContain("remote_addrs = 198.51.100.32");
  expect([...ofType("aws:ec2/route:Route").values()].map(({ destinationCidrBlock, routeTableId }) => [destinationCidrBlock, routeTableId])).toContainEqual(["10.50.0.0/16", "rtb-1"]);
  expect([...ofType("gcp:compute/route:Route").values()].map(({ destRange, network }) => [destRange, network])).toContainEqual(["10.30.0.0/16", "projects/p/global/networks/n"]);
  expect(await pulumi.isSecret(outputs.preSharedKey as pulumi.Output<unknown>)).toBe(true);
});

test("aws-to-on-premises: an office behind a NAT dials", async () => {
  await up(awsToOnPremises, "aws-to-on-premises", { officePrivateKey: "PRIVATE", officeBehindNat: "true" });
  expect(components()).toEqual(["AwsGateway aws", "SiteConnection aws-to-office", "SshGateway office"]);
  expect(pushed("aws-to-office-left-site-aws-to-office")).toContain("remote_addrs = %any");
  expect(pushed("aws-to-office-right-site-aws-to-office")).toContain("remote_addrs = 198.51.100.31");
});

test("three-clouds: each is joined to each", async () => {
  await up(threeClouds, "three-clouds");
  expect(components()).toEqual(["AwsGateway aws", "AzureGateway azure", "GcpGateway gcp", "Mesh clouds", "SiteConnection clouds-aws-to-azure", "SiteConnection clouds-aws-to-gcp", "SiteConnection clouds-azure-to-gcp"]);
  expect(pushed("clouds-azure-to-gcp-left-site-clouds-azure-to-gcp")).toContain("-transit seq 5 deny 10.70.0.0/16 le 32");
});
