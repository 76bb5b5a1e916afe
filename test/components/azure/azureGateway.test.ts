import * as path from "path";
import { parse } from "yaml";
import { ofType, one, plain, registered, valueOf } from "../mocks";
import { isSecretInput, saidByPolicies } from "../previews";
import { expectContract, expectNothingOfTheTunnel, expectOwnChildren, expectOwnHostKeys, expectSecretsOnlyIn, listing, refusedAtPreview, secretOutputs } from "../promises";
import { made, previews, routeTable, subnetId } from "./helpers";
import type { AzureGateway, AzureGatewayArgs } from "../../../azure";

const contract = path.join(__dirname, "azureGateway.contract.txt");
const remote = "command:remote:Command";
interface Machine {
  osProfile: { computerName: string; customData: string; linuxConfiguration: { ssh: { publicKeys: { keyData: string }[] } } };
  storageProfile: { imageReference: Record<string, string>; osDisk: Record<string, unknown> };
  securityProfile: Record<string, unknown>;
  [key: string]: unknown;
}
const instance = () => one("azure-native:compute:VirtualMachine") as Machine;
const osProfile = () => plain<Machine["osProfile"]>(instance().osProfile);
const userData = () => Buffer.from(plain<string>(osProfile().customData), "base64").toString();
const ingress = () =>
  (one("azure-native:network:NetworkSecurityGroup").securityRules as { name: string; access: string; protocol: string; priority: number; sourceAddressPrefix?: string; sourceAddressPrefixes?: string[]; destinationPortRange?: string; destinationPortRanges?: string[] }[])
    .map((rule) => `${rule.access} ${rule.protocol} ${rule.destinationPortRanges?.join() ?? rule.destinationPortRange} ${rule.sourceAddressPrefixes?.join() ?? rule.sourceAddressPrefix} ${rule.priority}`);

test("types and names of its children are the contract's", async () => {
  const listed = async (title: string, changes: Parameters<typeof made>[0]) => {
    await made(changes);
    return listing(title);
  };
  expectContract(contract, [
    await listed("defaults, with L2TP", {}),
    await listed("in a subnet and a resource group, generation 2, all given, routes", {
      subnetId,
      resourceGroupName: "given",
      generation: 2,
      image: "Debian:debian-13:13-gen2:0.20260210.2384",
      ikev2: { pool: "10.90.2.0/24", pool6: "fd90::/64" },
      administratorKey: { privateKey: "PRIVATE", publicKey: "ssh-ed25519 AAAAadmin" },
      routeTableIds: { private: routeTable("private"), database: routeTable("database") },
    }),
  ]);
});

describe("defaults", () => {
  beforeAll(() => made());

  test("the machine: D2ls_v5, Debian 13 of the second generation, trusted launch, keys alone, its disk goes with it", () => {
    expect(instance()).toMatchObject({
      resourceGroupName: "office-group-name", hardwareProfile: { vmSize: "Standard_D2ls_v5" },
      storageProfile: {
        imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
        osDisk: { createOption: "FromImage", deleteOption: "Delete", diskSizeGB: 30, managedDisk: { storageAccountType: "StandardSSD_LRS" } },
      },
      securityProfile: { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } },
      networkProfile: { networkInterfaces: [{ id: "office-interface-id", primary: true, deleteOption: "Detach" }] },
    });
    expect(osProfile()).toMatchObject({ computerName: "office", linuxConfiguration: { disablePasswordAuthentication: true } });
  });

  test("no identity, no user data that the metadata service shows, no zone", () => {
    for (const absent of ["identity", "userData", "zones"]) expect([absent, instance()[absent]]).toEqual([absent, undefined]);
  });

  test("the first boot makes no user but root, whatever Azure wants, and lets nobody in before the machine is ready", () => {
    const config = parse(userData(), { version: "1.1" }) as Record<string, unknown>;
    expect(config).toMatchObject({ users: [], allow_public_ssh_keys: false, ssh_pwauth: false });
    expect(config.ssh_authorized_keys).toBeUndefined();
  });

  test("the interface forwards, is accelerated, and has a static Standard address", () => {
    expect(one("azure-native:network:NetworkInterface")).toMatchObject({
      enableIPForwarding: true, enableAcceleratedNetworking: true, networkSecurityGroup: { id: "office-security-group-id" },
      ipConfigurations: [{ subnet: { id: "office-network-subnet" }, publicIPAddress: { id: "office-address-id" } }],
    });
    expect(one("azure-native:network:PublicIPAddress")).toMatchObject({ sku: { name: "Standard" }, publicIPAllocationMethod: "Static", publicIPAddressVersion: "IPv4" });
    expect(one("azure-native:network:VirtualNetwork")).toMatchObject({ addressSpace: { addressPrefixes: ["10.76.0.0/24"] }, subnets: [{ addressPrefix: "10.76.0.0/24", defaultOutboundAccess: false }] });
  });

  test("the group: IKE and ESP from anywhere, SSH from administrators, ICMP, and nothing else, not from the network either", () => {
    expect(ingress()).toEqual([
      "Allow Udp 500,4500 0.0.0.0/0 100", "Allow Esp * 0.0.0.0/0 110", "Allow Tcp 22 203.0.113.0/24 120", "Allow Icmp * * 130", "Deny * * * 4096",
    ]);
  });

  test("everything that takes tags has them, and the policy pack has nothing against it", () => {
    const untagged = registered.filter(({ type, inputs }) => type.startsWith("azure-native:") && inputs.tags === undefined).map(({ type }) => type);
    expect(untagged).toEqual([]);
    expect(saidByPolicies()).toEqual([]);
  });
});

test("clients are told the public address, or the endpoint that is given", async () => {
  const byDefault = await made();
  expect(await valueOf(byDefault.address)).toBe("198.51.100.20");
  expect((await valueOf(byDefault.clientSettings)).endpoint).toBe("198.51.100.20");
  expect(await valueOf(byDefault.privateIp)).toBe("10.76.0.4");
  const named = await made({ endpoint: "vpn.example.com" });
  expect(await valueOf(named.address)).toBe("vpn.example.com");
});

test("arm64 by its size: its image, and no trusted launch", async () => {
  await made({ vmSize: "Standard_D2pls_v6" });
  expect(instance().storageProfile.imageReference).toEqual({ publisher: "Debian", offer: "debian-13", sku: "13-arm64", version: "latest" });
  expect(instance().securityProfile).toEqual({});
  await made({ vmSize: "Standard_D2pls_v6", platform: "ubuntu2404", encryptionAtHost: true, trustedLaunch: true });
  expect(instance().storageProfile.imageReference.sku).toBe("server-arm64");
  expect(instance().securityProfile).toMatchObject({ encryptionAtHost: true, securityType: "TrustedLaunch" });
});

test("in a subnet, a group and a zone that are given nothing of them is made, and each table gets a route to each pool", async () => {
  await made({ subnetId, resourceGroupName: "given", location: "westeurope", zone: "2", routeTableIds: { private: routeTable("private") }, ikev2: { pool6: "fd90::/64" } });
  expect(registered.some(({ type }) => /VirtualNetwork$|ResourceGroup$/.test(type))).toBe(false);
  expect(instance()).toMatchObject({ resourceGroupName: "given", location: "westeurope", zones: ["2"] });
  expect(one("azure-native:network:PublicIPAddress").zones).toEqual(["2"]);
  expect(one("azure-native:network:NetworkInterface")).toMatchObject({ ipConfigurations: [{ subnet: { id: subnetId } }] });
  const route = { resourceGroupName: "given", routeTableName: "private", nextHopType: "VirtualAppliance", nextHopIpAddress: "10.76.0.4" };
  expect(Object.fromEntries(ofType("azure-native:network:Route"))).toEqual({
    "office-route-private-l2tp": { ...route, addressPrefix: "10.77.1.0/24" },
    "office-route-private-ikev2": { ...route, addressPrefix: "10.77.2.0/24" },
  });
});

test("what a machine was first told is remembered by generation, and all that Azure lets nobody change comes from there", async () => {
  await made({ generation: 2 });
  const memory = ofType("random:index/randomPassword:RandomPassword").get("office-first-boot-2")!;
  expect(isSecretInput(memory.keepers)).toBe(true);
  const kept = plain<Record<string, string>>(memory.keepers);
  expect(Object.keys(kept).sort()).toEqual(["administratorPublicKey", "image", "userData"]);
  expect([userData(), instance().storageProfile.imageReference, osProfile().linuxConfiguration.ssh.publicKeys[0].keyData]).toEqual([plain(kept.userData), JSON.parse(kept.image), kept.administratorPublicKey]);
  expect(ofType(remote).get("office-host-key-2")).toMatchObject({ triggers: ["office-machine-number"] });
  expect(userData()).toContain("AAAAoffice-bootstrap-host-key-2");
});

describe("secrets", () => {
  let gateway: AzureGateway;
  beforeAll(async () => {
    gateway = await made();
  });

  test("user data holds none of the tunnel, and is itself a secret for the bootstrap key in it", () => {
    expectNothingOfTheTunnel(userData());
    const { osProfile: profile } = instance();
    expect(isSecretInput(profile) || isSecretInput(profile.customData)).toBe(true);
  });

  test("no input that is not a secret holds one, of any resource", () => expectSecretsOnlyIn(["office-identity", "office-passwords"], gateway.clientSettings));

  test("outputs: what clients and administrators must know is secret, addresses and ids are not", async () => {
    expect(await secretOutputs(gateway, ["clientSettings", "identity", "connection", "address", "publicIp", "privateIp", "machineId", "networkInterfaceId"])).toEqual(["clientSettings", "identity", "connection"]);
  });

  test("the first contact pins the bootstrap key, every push the machine's own, and no push asks it to take its parts away", () => expectOwnHostKeys("198.51.100.20"));
});

test("parents: everything is the gateway's own child", async () => {
  await expectOwnChildren(await made(), "pulumi-vpn-gateway:azure:AzureGateway");
});

refusedAtPreview<AzureGatewayArgs>(
  [
    ["an old size, SSH from anywhere, a bad tag, image, subnet and table, all at once", { vmSize: "Standard_A1_v2", administrators: ["0.0.0.0/0"], tags: { "azure-x": "y" }, image: "debian-13", subnetId: "edge", routeTableIds: { main: "table" }, users: [{ name: "a" }, { name: "a" }] }, [/error vmSize/, /error administrators\[0\]/, /error tags/, /error image/, /error subnetId/, /error routeTableIds\.main/, /users\[1\]/]],
    ["a pool within the virtual network", { subnetId, ikev2: { pool: "10.88.2.0/24" } }, [/error ikev2\.pool \("10\.88\.2\.0\/24"\): overlaps the virtual network's range \(10\.88\.0\.0\/16\)/]],
  ],
  (changes) => previews("AzureGateway", changes),
);

test("a public CA may ask at port 80 where the gateway's certificate is of one", async () => {
  const rules = () => one("azure-native:network:NetworkSecurityGroup").securityRules as { name: string; destinationPortRange?: string; priority: number }[];
  await made({});
  expect(rules().map(({ name }) => name)).not.toContain("acme");
  await made({ endpoint: "vpn.example.com", ikev2: { acme: { termsAgreed: true } } });
  expect(rules().find(({ name }) => name === "acme")).toMatchObject({ access: "Allow", protocol: "Tcp", destinationPortRange: "80" });
  expect(new Set(rules().map(({ priority }) => priority)).size).toBe(rules().length);
});

test("hosts behind a gateway with site connections may begin towards other sites: theirs alone, and of no other gateway", async () => {
  const all = () => ingress().filter((rule) => /^Allow \* /.test(rule));
  const sites = { enabled: true };
  await made({ sites, insideNetworks: ["10.30.0.0/16", "fd30::/64", "10.31.0.0/24"] });
  expect(all()).toEqual(["Allow * * 10.30.0.0/16,10.31.0.0/24 140"]);
  expect(ingress().at(-1)).toBe("Deny * * * 4096");
  for (const none of [{ sites }, { sites, insideNetworks: ["fd30::/64"] }, { insideNetworks: ["10.30.0.0/16"] }]) {
    await made(none);
    expect(all()).toEqual([]);
  }
});
