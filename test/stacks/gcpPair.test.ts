import * as pulumi from "@pulumi/pulumi";
import { gcpPair } from "../../stacks/gcpPair";
import { calls } from "../components/gcp/helpers";
import { ofType, record, registered, settled, valueOf } from "../components/mocks";
import { example } from "./example";

async function up(changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  await record(false, calls);
  pulumi.runtime.setAllConfig(example("gcp-pair", changes));
  const outputs = gcpPair();
  await valueOf(outputs.clientSettings as pulumi.Output<unknown>);
  await settled();
  return outputs;
}

test("the example is a pair: IKEv2 alone", async () => {
  const outputs = await up();
  expect(registered.filter(({ type }) => type.startsWith("pulumi-vpn-gateway:")).map(({ type, name }) => `${type} ${name}`)).toEqual(["pulumi-vpn-gateway:gcp:GcpGatewayPair office"]);
  expect(ofType("gcp:compute/instance:Instance").size).toBe(2);
  expect(await valueOf(outputs.address as pulumi.Output<string>)).toBe("198.51.100.20");
  expect(await Promise.all(["clientSettings", "gatewayConnections"].map((key) => pulumi.isSecret(outputs[key] as pulumi.Output<unknown>)))).toEqual([true, true]);
});

test("each key reaches the pair", async () => {
  await up({ zones: ["europe-west3-b", "europe-west3-c"], machineType: "c4a-standard-1", labels: { cost: "42" }, poolRoutes: "false" });
  expect([...ofType("gcp:compute/instance:Instance")].map(([name, { zone, machineType, labels }]) => [name, zone, machineType, (labels as Record<string, string>).cost])).toEqual([
    ["office-2-machine", "europe-west3-c", "c4a-standard-1", "42"], ["office-1-machine", "europe-west3-b", "c4a-standard-1", "42"],
  ]);
  expect(ofType("gcp:compute/route:Route").size).toBe(0);
});
