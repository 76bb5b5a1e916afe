import * as path from "path";
import { ofType, one, plain, registered, textOf, valueOf } from "../mocks";
import { isSecretInput, saidByPolicies } from "../previews";
import { expectContract, expectNothingOfTheTunnel, expectOwnChildren, expectOwnHostKeys, expectSecretsOnlyIn, listing, refusedAtPreview, secretOutputs } from "../promises";
import { made, previews } from "./helpers";
import type { GcpGateway, GcpGatewayArgs } from "../../../gcp";

const contract = path.join(__dirname, "gcpGateway.contract.txt");
const remote = "command:remote:Command";
const subnetwork = "projects/p/regions/europe-west3/subnetworks/office";
const instance = () => one("gcp:compute/instance:Instance");
const disk = () => one("gcp:compute/disk:Disk");
const metadata = () => plain<Record<string, string>>(instance().metadata);
const pushed = (name: string) => textOf(ofType(remote).get(name)!.stdin);

test("types and names of its children are the contract's", async () => {
  const listed = async (title: string, changes: Parameters<typeof made>[0]) => {
    await made(changes);
    return listing(title);
  };
  expectContract(contract, [
    await listed("defaults, with L2TP", {}),
    await listed("in a subnetwork, generation 2, all given, no routes", {
      subnetwork,
      generation: 2,
      image: "projects/debian-cloud/global/images/debian-13-trixie-v20260210",
      l2tp: { enabled: true, preSharedKey: "canary-of-the-pre-shared-key" },
      ikev2: { pool: "10.90.2.0/24", pool6: "fd90::/64" },
      administratorKey: { privateKey: "PRIVATE", publicKey: "ssh-ed25519 AAAAadmin" },
      poolRoutes: false,
    }),
  ]);
});

describe("defaults", () => {
  beforeAll(() => made());

  test("the machine: t2d-standard-1 that forwards, Shielded VM, moved by live migration, started anew when it fails", () => {
    expect(instance()).toMatchObject({
      machineType: "t2d-standard-1", canIpForward: true, tags: ["office-vpn-gateway"], allowStoppingForUpdate: true,
      bootDisk: { source: "office-disk-link", autoDelete: false },
      networkInterfaces: [{ subnetwork: "office-subnetwork-link", accessConfigs: [{ natIp: "198.51.100.20" }] }],
      shieldedInstanceConfig: { enableSecureBoot: true, enableVtpm: true, enableIntegrityMonitoring: true },
      scheduling: { onHostMaintenance: "MIGRATE", automaticRestart: true },
    });
    expect(disk()).toMatchObject({ image: "newest-of-debian-cloud-debian-13", type: "pd-balanced", size: 10 });
  });

  test("no service account, no keys of the project's, no OS Login, no serial console", () => {
    expect(instance().serviceAccount).toBeUndefined();
    expect(metadata()).toMatchObject({ "block-project-ssh-keys": "TRUE", "enable-oslogin": "FALSE", "serial-port-enable": "FALSE" });
    expect(metadata()["ssh-keys"]).toBeUndefined();
  });

  test("Debian's image has no cloud-init: the first boot goes by startup-script", () => {
    expect(Object.keys(metadata()).sort()).toEqual(["block-project-ssh-keys", "enable-oslogin", "serial-port-enable", "startup-script"]);
    expect(metadata()["startup-script"]).toMatch(/^#!\/bin\/sh\n# First boot of the VPN gateway office\./);
  });

  test("the network has the MTU that the tunnels are computed from", async () => {
    expect(one("gcp:compute/network:Network")).toMatchObject({ autoCreateSubnetworks: false, mtu: 1460 });
    expect(one("gcp:compute/subnetwork:Subnetwork")).toMatchObject({ network: "office-network-id", ipCidrRange: "10.76.0.0/24" });
    // Of IKEv2 with CBC behind a NAT: 1422 bytes of 1500 (docs/benchmarks.md), less TCP's and IP's headers.
    const size = () => /saddr 10\.77\.2\.0\/24 .*maxseg size set (\d+)/.exec(pushed("office-base"))![1];
    expect(size()).toBe("1350");
    await made({ outsideMtu: 1500 });
    expect(one("gcp:compute/network:Network").mtu).toBe(1500);
    expect(size()).toBe("1382");
    await made();
  });

  test("rules: IKE and ESP from anywhere, SSH from administrators, ICMP, and nothing else whatever else the network has", () => {
    const found = Object.fromEntries([...ofType("gcp:compute/firewall:Firewall")].map(([name, { allows, denies, sourceRanges, priority, targetTags, direction }]) => [name, { allows, denies, sourceRanges, priority, targetTags, direction }]));
    const common = { targetTags: ["office-vpn-gateway"], direction: "INGRESS", denies: undefined, priority: 1000 };
    expect(found).toEqual({
      "office-peers": { ...common, allows: [{ protocol: "udp", ports: ["500", "4500"] }, { protocol: "esp" }], sourceRanges: ["0.0.0.0/0"] },
      "office-ssh": { ...common, allows: [{ protocol: "tcp", ports: ["22"] }], sourceRanges: ["203.0.113.0/24"] },
      "office-icmp": { ...common, allows: [{ protocol: "icmp" }], sourceRanges: ["0.0.0.0/0"] },
      "office-else": { ...common, allows: undefined, denies: [{ protocol: "all" }], sourceRanges: ["0.0.0.0/0"], priority: 1001 },
    });
  });

  test("each pool has a route through the machine, and the firewall stands before it boots", () => {
    expect(Object.fromEntries([...ofType("gcp:compute/route:Route")].map(([name, { destRange, nextHopInstance, network }]) => [name, [destRange, nextHopInstance, network]]))).toEqual({
      "office-route-l2tp": ["10.77.1.0/24", "office-machine-link", "office-network-link"],
      "office-route-ikev2": ["10.77.2.0/24", "office-machine-link", "office-network-link"],
    });
    const order = registered.map(({ name }) => name);
    for (const before of ["office-else", "office-ssh", "office-address", "office-disk"]) expect([before, order.indexOf(before) < order.indexOf("office-machine")]).toEqual([before, true]);
  });

  test("everything that takes labels has them", () => {
    const unlabelled = registered.filter(({ type, inputs }) => type.startsWith("gcp:") && inputs.labels === undefined).map(({ type }) => type.split(":")[2]);
    expect([...new Set(unlabelled)].sort()).toEqual(["Firewall", "Network", "Route", "Subnetwork"]);
    expect([instance().labels, disk().labels]).toEqual([{ "vpn-gateway": "office" }, { "vpn-gateway": "office" }]);
  });

  test("the policy pack has nothing against it", () => {
    expect(saidByPolicies()).toEqual([]);
  });
});

test("clients are told the static address, or the endpoint that is given", async () => {
  const byDefault = await made();
  expect(await valueOf(byDefault.address)).toBe("198.51.100.20");
  expect((await valueOf(byDefault.clientSettings)).endpoint).toBe("198.51.100.20");
  expect(await valueOf(byDefault.privateIp)).toBe("10.76.0.2");
  const named = await made({ endpoint: "vpn.example.com" });
  expect(await valueOf(named.address)).toBe("vpn.example.com");
  expect(await valueOf(named.publicIp)).toBe("198.51.100.20");
});

test("arm64 by its series: its image, its disk, and no Secure Boot, which Debian's has not", async () => {
  await made({ machineType: "c4a-standard-1" });
  expect(disk()).toMatchObject({ image: "newest-of-debian-cloud-debian-13-arm64", type: "hyperdisk-balanced" });
  expect(instance().shieldedInstanceConfig).toMatchObject({ enableSecureBoot: false, enableVtpm: true });
});

test("Ubuntu's image has cloud-init", async () => {
  await made({ platform: "ubuntu2404" });
  expect(disk().image).toBe("newest-of-ubuntu-os-cloud-ubuntu-2404-lts-amd64");
  expect(metadata()["user-data"]).toMatch(/^#cloud-config\n/);
  expect(metadata()["startup-script"]).toBeUndefined();
});

test("in a subnetwork that is given no network is made; address and rules are its region's and network's", async () => {
  await made({ subnetwork, zone: "europe-west3-b" });
  expect(registered.some(({ type }) => /network:Network|subnetwork:Subnetwork/.test(type))).toBe(false);
  expect(one("gcp:compute/address:Address").region).toBe("europe-west3");
  expect(instance()).toMatchObject({ zone: "europe-west3-b", networkInterfaces: [{ subnetwork }] });
  expect(disk().zone).toBe("europe-west3-b");
  for (const { network } of ofType("gcp:compute/firewall:Firewall").values()) expect(network).toBe("network-given");
});

test("another generation is another disk and another bootstrap key, of one and the same machine's name", async () => {
  await made({ generation: 2 });
  expect([...ofType("gcp:compute/disk:Disk").keys(), ...ofType("gcp:compute/instance:Instance").keys()]).toEqual(["office-disk-2", "office-machine"]);
  expect(ofType(remote).get("office-host-key-2")).toMatchObject({ triggers: ["office-machine-number"] });
  expect(metadata()["startup-script"]).toContain("AAAAoffice-bootstrap-host-key-2");
});

describe("secrets", () => {
  let gateway: GcpGateway;
  beforeAll(async () => {
    gateway = await made();
  });

  test("what the first boot is told holds none of the tunnel, and is itself a secret for the bootstrap key in it", () => {
    const script = metadata()["startup-script"];
    expectNothingOfTheTunnel(script);
    expect([isSecretInput(instance().metadata), isSecretInput(instance().machineType)]).toEqual([true, false]);
  });

  test("no input that is not a secret holds one, of any resource", () => expectSecretsOnlyIn(["office-identity", "office-passwords"], gateway.clientSettings));

  test("outputs: what clients and administrators must know is secret, addresses and ids are not", async () => {
    expect(await secretOutputs(gateway, ["clientSettings", "identity", "connection", "address", "publicIp", "privateIp", "machineId", "machineSelfLink"])).toEqual(["clientSettings", "identity", "connection"]);
  });

  test("the first contact pins the bootstrap key, every push the machine's own, and no push asks it to take its parts away", () => expectOwnHostKeys("198.51.100.20"));
});

test("parents: everything is the gateway's own child", async () => {
  await expectOwnChildren(await made(), "pulumi-vpn-gateway:gcp:GcpGateway");
});

refusedAtPreview<GcpGatewayArgs>(
  [
    ["an old type, SSH from anywhere, a bad label, a family for an image and a jumbo MTU, all at once", { machineType: "f1-micro", administrators: ["0.0.0.0/0"], labels: { Cost: "42" }, image: "debian-cloud/debian-13", outsideMtu: 8896, users: [{ name: "a" }, { name: "a" }] }, [/error machineType/, /error administrators\[0\]/, /error labels/, /error image/, /error outsideMtu/, /users\[1\]/]],
    ["a pool within a secondary range of the subnetwork", { subnetwork, ikev2: { pool: "10.88.2.0/24" } }, [/error ikev2\.pool \("10\.88\.2\.0\/24"\): overlaps the subnetwork's range \(10\.88\.0\.0\/16\)/]],
    ["a zone of another region than the subnetwork's", { subnetwork, zone: "us-east1-b" }, [/error zone \("us-east1-b"\): is in region us-east1, and the subnetwork in europe-west3/]],
  ],
  (changes) => previews("GcpGateway", changes),
);

test("a public CA may ask at port 80 where the gateway's certificate is of one", async () => {
  const rule = () => ofType("gcp:compute/firewall:Firewall").get("office-acme");
  await made({});
  expect(rule()).toBeUndefined();
  await made({ endpoint: "vpn.example.com", ikev2: { acme: { termsAgreed: true } } });
  expect(rule()).toMatchObject({ allows: [{ protocol: "tcp", ports: ["80"] }], sourceRanges: ["0.0.0.0/0"], targetTags: ["office-vpn-gateway"] });
  expect(ofType("gcp:compute/firewall:Firewall").get("office-else")).toMatchObject({ denies: [{ protocol: "all" }] });
});

test("hosts behind a gateway with site connections may begin towards other sites: theirs alone, and of no other gateway", async () => {
  const rule = () => ofType("gcp:compute/firewall:Firewall").get("office-inside");
  const sites = { enabled: true };
  await made({ sites, insideNetworks: ["10.156.0.0/20", "fd76::/64", "172.31.1.0/24"] });
  expect(rule()).toMatchObject({
    direction: "INGRESS", allows: [{ protocol: "all" }], sourceRanges: ["10.156.0.0/20", "172.31.1.0/24"], targetTags: ["office-vpn-gateway"], disabled: false,
  });
  // Before the one that denies all else, and nothing but these ranges is let in by all protocols.
  expect(rule()!.priority as number).toBeLessThan(ofType("gcp:compute/firewall:Firewall").get("office-else")!.priority as number);
  const open = [...ofType("gcp:compute/firewall:Firewall")].filter(([, { allows }]) => JSON.stringify(allows ?? "").includes('"all"'));
  expect(open.map(([name]) => name)).toEqual(["office-inside"]);
  // A rule without any range would hold for the world.
  await made({ sites, insideNetworks: ["fd76::/64"] });
  expect(rule()).toMatchObject({ sourceRanges: ["192.0.2.0/24"], disabled: true });
  for (const none of [{ sites }, { insideNetworks: ["10.156.0.0/20"] }, { sites: { enabled: false }, insideNetworks: ["10.156.0.0/20"] }]) {
    await made(none);
    expect(rule()).toBeUndefined();
  }
});
