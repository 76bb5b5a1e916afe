import * as pulumi from "@pulumi/pulumi";
import { azureRemoteAccess } from "../../stacks/azureRemoteAccess";
import { calls, routeTable, subnetId } from "../components/azure/helpers";
import { ofType, record, registered, settled, valueOf } from "../components/mocks";
import { example } from "./example";

async function up(changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  await record(false, calls);
  pulumi.runtime.setAllConfig(example("azure-remote-access", changes));
  const outputs = azureRemoteAccess();
  await valueOf(outputs.clientSettings as pulumi.Output<unknown>);
  await settled();
  return outputs;
}

const rules = () => ofType("azure-native:network:NetworkSecurityGroup").get("office-security-group")!.securityRules as { name: string; sourceAddressPrefixes: string[] }[];

test("the example is a gateway: IKEv2 alone, SSH from administrators alone", async () => {
  const outputs = await up();
  expect(registered.filter(({ type }) => type.startsWith("pulumi-vpn-gateway:")).map(({ type, name }) => `${type} ${name}`)).toEqual(["pulumi-vpn-gateway:azure:AzureGateway office"]);
  expect(registered.some(({ name }) => name === "office-pre-shared-key")).toBe(false);
  expect(rules().find(({ name }) => name === "ssh")!.sourceAddressPrefixes).toEqual(["203.0.113.0/24"]);
  expect(await valueOf(outputs.address as pulumi.Output<string>)).toBe("198.51.100.20");
  expect(await Promise.all(["clientSettings", "gatewayConnection"].map((key) => pulumi.isSecret(outputs[key] as pulumi.Output<unknown>)))).toEqual([true, true]);
});

test("each key reaches the gateway", async () => {
  await up({
    l2tp: "true", l2tpPool: "10.90.1.0/24", ikev2Pool: "10.90.2.0/24", vmSize: "Standard_D2pls_v6", subnetId, resourceGroupName: "given", location: "westeurope", zone: "3",
    platform: "ubuntu2404", routeTableIds: { main: routeTable("main") }, generation: "3", diskGigabytes: "64", diskEncryptionSetId: "set", encryptionAtHost: "true",
    trustedLaunch: "true", tags: { cost: "42" }, peers: ["198.51.100.0/24"],
  });
  expect(ofType("azure-native:compute:VirtualMachine").get("office-machine")).toMatchObject({
    resourceGroupName: "given", location: "westeurope", zones: ["3"], hardwareProfile: { vmSize: "Standard_D2pls_v6" }, tags: { cost: "42" },
    storageProfile: { imageReference: { sku: "server-arm64" }, osDisk: { diskSizeGB: 64, managedDisk: { diskEncryptionSet: { id: "set" } } } },
    securityProfile: { encryptionAtHost: true, securityType: "TrustedLaunch" },
  });
  expect(registered.some(({ name }) => name === "office-first-boot-3")).toBe(true);
  expect([...ofType("azure-native:network:Route").values()].map(({ addressPrefix }) => addressPrefix).sort()).toEqual(["10.90.1.0/24", "10.90.2.0/24"]);
  expect(rules().find(({ name }) => name === "ike")!.sourceAddressPrefixes).toEqual(["198.51.100.0/24"]);
});
