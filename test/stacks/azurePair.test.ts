import * as pulumi from "@pulumi/pulumi";
import { azurePair } from "../../stacks/azurePair";
import { calls, routeTable, subnetId } from "../components/azure/helpers";
import { ofType, record, registered, settled, valueOf } from "../components/mocks";
import { example } from "./example";

async function up(changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  await record(false, calls);
  pulumi.runtime.setAllConfig(example("azure-pair", changes));
  const outputs = azurePair();
  await valueOf(outputs.clientSettings as pulumi.Output<unknown>);
  await settled();
  return outputs;
}

test("the example is a pair: IKEv2 alone", async () => {
  const outputs = await up();
  expect(registered.filter(({ type }) => type.startsWith("pulumi-vpn-gateway:")).map(({ type, name }) => `${type} ${name}`)).toEqual(["pulumi-vpn-gateway:azure:AzureGatewayPair office"]);
  expect(ofType("azure-native:compute:VirtualMachine").size).toBe(2);
  expect(await valueOf(outputs.address as pulumi.Output<string>)).toBe("198.51.100.20");
  expect(await Promise.all(["clientSettings", "gatewayConnections"].map((key) => pulumi.isSecret(outputs[key] as pulumi.Output<unknown>)))).toEqual([true, true]);
});

test("each key reaches the pair", async () => {
  await up({ zones: ["3", "1"], vmSize: "Standard_D2pls_v6", subnetId, resourceGroupName: "given", location: "westeurope", routeTableIds: { main: routeTable("main") }, tags: { cost: "42" } });
  expect([...ofType("azure-native:compute:VirtualMachine")].map(([name, { zones, location, tags }]) => [name, zones, location, (tags as Record<string, string>).cost])).toEqual([
    ["office-2-machine", ["1"], "westeurope", "42"], ["office-1-machine", ["3"], "westeurope", "42"],
  ]);
  expect(ofType("azure-native:network:Route").size).toBe(2);
});
