import * as pulumi from "@pulumi/pulumi";
import { gcpRemoteAccess } from "../../stacks/gcpRemoteAccess";
import { calls } from "../components/gcp/helpers";
import { ofType, record, registered, settled, valueOf } from "../components/mocks";
import { example } from "./example";

async function up(changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  await record(false, calls);
  pulumi.runtime.setAllConfig(example("gcp-remote-access", changes));
  const outputs = gcpRemoteAccess();
  await valueOf(outputs.clientSettings as pulumi.Output<unknown>);
  await settled();
  return outputs;
}

test("the example is a gateway: IKEv2 alone, SSH from administrators alone", async () => {
  const outputs = await up();
  expect(registered.filter(({ type }) => type.startsWith("pulumi-vpn-gateway:")).map(({ type, name }) => `${type} ${name}`)).toEqual(["pulumi-vpn-gateway:gcp:GcpGateway office"]);
  expect(registered.some(({ name }) => name === "office-pre-shared-key")).toBe(false);
  expect(ofType("gcp:compute/firewall:Firewall").get("office-ssh")!.sourceRanges).toEqual(["203.0.113.0/24"]);
  expect(await valueOf(outputs.address as pulumi.Output<string>)).toBe("198.51.100.20");
  expect(await Promise.all(["clientSettings", "gatewayConnection"].map((key) => pulumi.isSecret(outputs[key] as pulumi.Output<unknown>)))).toEqual([true, true]);
});

test("each key reaches the gateway", async () => {
  await up({
    l2tp: "true", l2tpPool: "10.90.1.0/24", ikev2Pool: "10.90.2.0/24", machineType: "n4-standard-2", subnetwork: "projects/p/regions/europe-west3/subnetworks/s",
    zone: "europe-west3-c", platform: "ubuntu2404", generation: "3", diskGigabytes: "20", diskKeySelfLink: "projects/p/locations/l/keyRings/r/cryptoKeys/k",
    labels: { cost: "42" }, peers: ["198.51.100.0/24"], secureBoot: "false", diskType: "hyperdisk-balanced",
  });
  expect(ofType("gcp:compute/instance:Instance").get("office-machine")).toMatchObject({
    machineType: "n4-standard-2", zone: "europe-west3-c", labels: { cost: "42" }, shieldedInstanceConfig: { enableSecureBoot: false },
  });
  expect(ofType("gcp:compute/disk:Disk").get("office-disk-3")).toMatchObject({
    size: 20, type: "hyperdisk-balanced", image: "newest-of-ubuntu-os-cloud-ubuntu-2404-lts-amd64", diskEncryptionKey: { kmsKeySelfLink: "projects/p/locations/l/keyRings/r/cryptoKeys/k" },
  });
  expect([...ofType("gcp:compute/route:Route").values()].map(({ destRange }) => destRange).sort()).toEqual(["10.90.1.0/24", "10.90.2.0/24"]);
  expect(ofType("gcp:compute/firewall:Firewall").get("office-peers")!.sourceRanges).toEqual(["198.51.100.0/24"]);
});
