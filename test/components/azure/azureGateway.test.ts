import * as fs from "fs";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { ofType, plain, registered, valueOf } from "../mocks";
import { isSecretInput, saidByPolicies } from "../previews";
import { made, previews, routeTable, subnetId } from "./helpers";
import type { AzureGateway, AzureGatewayArgs } from "../../../azure";

const contract = path.join(__dirname, "azureGateway.contract.txt");
const remote = "command:remote:Command";
const one = (type: string) => {
  const found = [...ofType(type).values()];
  expect([type, found.length]).toEqual([type, 1]);
  return found[0];
};
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
  const listing = async (title: string, changes: Parameters<typeof made>[0]) => {
    await made(changes);
    return [`# ${title}`, ...registered.map(({ type, name }) => `${type} ${name}`).sort(), ""].join("\n");
  };
  const found = [
    await listing("defaults, with L2TP", {}),
    await listing("in a subnet and a resource group, generation 2, all given, routes", {
      subnetId,
      resourceGroupName: "given",
      generation: 2,
      image: "Debian:debian-13:13-gen2:0.20260210.2384",
      ikev2: { pool: "10.90.2.0/24", pool6: "fd90::/64" },
      administratorKey: { privateKey: "PRIVATE", publicKey: "ssh-ed25519 AAAAadmin" },
      routeTableIds: { private: routeTable("private"), database: routeTable("database") },
    }),
  ].join("\n");
  if (process.env.UPDATE_CONTRACT) fs.writeFileSync(contract, found);
  expect(found).toBe(fs.readFileSync(contract, "utf8"));
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
    expect(userData()).toContain("BEGIN OPENSSH PRIVATE KEY");
    for (const secret of ["hunter2-canary", "canary-of-the-pre-shared-key", "minted-office-password", "BEGIN PRIVATE KEY"]) expect([secret, userData().includes(secret)]).toEqual([secret, false]);
    const { osProfile: profile } = instance();
    expect(isSecretInput(profile) || isSecretInput(profile.customData)).toBe(true);
  });

  test("no input that is not a secret holds one, of any resource", async () => {
    const { passwords, preSharedKey } = await valueOf(gateway.clientSettings);
    const carriers = new Set<string>();
    for (const { name, inputs } of registered) {
      for (const value of Object.values(inputs)) {
        for (const secret of [...Object.values(passwords), preSharedKey]) {
          if (![secret, Buffer.from(secret).toString("base64")].some((written) => JSON.stringify(value ?? null).includes(written))) continue;
          carriers.add(name);
          expect([name, isSecretInput(value)]).toEqual([name, true]);
        }
      }
    }
    expect([...carriers].sort()).toEqual(["office-identity", "office-passwords"]);
  });

  test("outputs: what clients and administrators must know is secret, addresses and ids are not", async () => {
    const { clientSettings, connection, address, publicIp, privateIp, machineId, networkInterfaceId } = gateway;
    const secret = await Promise.all([clientSettings, connection, address, publicIp, privateIp, machineId, networkInterfaceId].map((output) => pulumi.isSecret(output as pulumi.Output<unknown>)));
    expect(secret).toEqual([true, true, false, false, false, false, false]);
  });

  test("the first contact pins the bootstrap key, every push the machine's own, and no push asks it to take its parts away", () => {
    const pinned = Object.fromEntries([...ofType(remote)].map(([name, inputs]) => [name, plain<{ hostKey: string; host: string }>(inputs.connection)]));
    const { "office-host-key": bootstrap, ...others } = pinned;
    expect(bootstrap).toMatchObject({ host: "198.51.100.20", hostKey: "ssh-ed25519 AAAAoffice-bootstrap-host-key" });
    expect(Object.keys(others)).toHaveLength(7);
    for (const [name, { hostKey }] of Object.entries(others)) expect([name, hostKey]).toEqual([name, "office-host-key"]);
    for (const [name, inputs] of ofType(remote)) expect([name, inputs.delete]).toEqual([name, undefined]);
  });
});

test("parents: everything is the gateway's own child", async () => {
  const gateway = await made();
  const children = [...(gateway as unknown as { __childResources: Set<pulumi.Resource> }).__childResources];
  expect(children).toHaveLength(registered.length - 1);
  for (const urn of await Promise.all(children.map((child) => valueOf(child.urn)))) expect(urn).toContain("::pulumi-vpn-gateway:azure:AzureGateway$");
});

describe("refused at preview, with nothing made", () => {
  const bad: [string, Partial<AzureGatewayArgs>, RegExp[]][] = [
    ["an old size, SSH from anywhere, a bad tag, image, subnet and table, all at once", { vmSize: "Standard_A1_v2", administrators: ["0.0.0.0/0"], tags: { "azure-x": "y" }, image: "debian-13", subnetId: "edge", routeTableIds: { main: "table" }, users: [{ name: "a" }, { name: "a" }] }, [/error vmSize/, /error administrators\[0\]/, /error tags/, /error image/, /error subnetId/, /error routeTableIds\.main/, /users\[1\]/]],
    ["a pool within the virtual network", { subnetId, ikev2: { pool: "10.88.2.0/24" } }, [/error ikev2\.pool \("10\.88\.2\.0\/24"\): overlaps the virtual network's range \(10\.88\.0\.0\/16\)/]],
  ];
  const said = previews("AzureGateway", [{}, ...bad.map(([, changes]) => changes)]);

  test.each(bad.map((one, index) => [...one, index + 1] as const))("%s", async (_, _changes, expected, index) => {
    const { message, registered: names } = (await said)[index];
    for (const one of expected) expect(message).toMatch(one);
    expect(message).not.toContain("canary");
    expect(names).toEqual(["office"]);
  });

  test("the twin: what is not wrong is made", async () => {
    const { message, registered: names } = (await said)[0];
    expect(message).toBe("taken");
    expect(names.length).toBeGreaterThan(20);
  });
});
