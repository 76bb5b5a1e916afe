import * as path from "path";
import { ofType, plain, registered, textOf, valueOf } from "../mocks";
import { saidByPolicies } from "../previews";
import { expectContract, expectOwnChildren, expectSecretsOnlyIn, listing, secretOutputs } from "../promises";
import { madePair, previews } from "./helpers";
import type { GcpGatewayPair } from "../../../gcp";

const contract = path.join(__dirname, "gcpGatewayPair.contract.txt");
const remote = "command:remote:Command";
const subnetwork = "projects/p/regions/europe-west3/subnetworks/office";
const gcp = (type: string) => ofType(`gcp:compute/${type[0].toLowerCase()}${type.slice(1)}:${type}`);
const pushed = (name: string) => textOf(ofType(remote).get(name)!.stdin);
const fileOf = (name: string, file: string) => pushed(name).split("\n").filter((line) => line.startsWith(`${file} |`)).map((line) => line.slice(file.length + 3)).join("\n");
const before = (first: string, second: string) => {
  const order = registered.map(({ name }) => name);
  expect([first, second, order.includes(first), order.indexOf(first) < order.indexOf(second)]).toEqual([first, second, true, true]);
};

describe("defaults, with L2TP", () => {
  let pair: GcpGatewayPair;
  let listed: string;
  beforeAll(async () => {
    pair = await madePair();
    listed = listing("defaults, with L2TP");
  });

  test("types and names of its children are the contract's", async () => {
    await madePair({ subnetwork, zones: ["europe-west3-b", "europe-west3-c"], poolRoutes: false });
    expectContract(contract, [listed, listing("in a subnetwork and zones that are given, no routes")]);
    pair = await madePair();
  });

  test("two machines in two zones, each with a static address of its own and one in the network that the other is told", () => {
    expect([...gcp("Instance").keys()]).toEqual(["office-2-machine", "office-1-machine"]);
    for (const [member, zone, inside] of [[1, "europe-west3-a", "10.76.0.2"], [2, "europe-west3-b", "10.76.0.3"]] as const) {
      expect(gcp("Instance").get(`office-${member}-machine`)).toMatchObject({
        zone, canIpForward: true, tags: ["office-vpn-gateway"], bootDisk: { source: `office-${member}-disk-link` },
        networkInterfaces: [{ networkIp: inside, accessConfigs: [{ natIp: `198.51.100.${member}` }] }],
      });
      expect(gcp("Address").get(`office-${member}-inside`)).toMatchObject({ addressType: "INTERNAL", subnetwork: "office-subnetwork-link" });
    }
  });

  test("clients: every protocol by an external passthrough load balancer, to the machine whose health port answers", async () => {
    expect(gcp("ForwardingRule").get("office-clients")).toMatchObject({ loadBalancingScheme: "EXTERNAL", ipProtocol: "L3_DEFAULT", allPorts: true, ipAddress: "office-address-link", backendService: "office-clients-service-link" });
    expect(gcp("RegionBackendService").get("office-clients-service")).toMatchObject({
      loadBalancingScheme: "EXTERNAL", protocol: "UNSPECIFIED", sessionAffinity: "CLIENT_IP", healthChecks: "office-health-link", connectionDrainingTimeoutSec: 0,
      connectionTrackingPolicy: { connectionPersistenceOnUnhealthyBackends: "NEVER_PERSIST" },
      backends: [{ group: "office-1-group-link", balancingMode: "CONNECTION" }, { group: "office-2-group-link", balancingMode: "CONNECTION" }],
    });
    expect(gcp("RegionHealthCheck").get("office-health")).toMatchObject({ checkIntervalSec: 2, unhealthyThreshold: 2, tcpHealthCheck: { port: 8500 } });
    for (const member of [1, 2]) expect(gcp("InstanceGroup").get(`office-${member}-group`)).toMatchObject({ instances: [`office-${member}-machine-link`] });
    expect(await valueOf(pair.address)).toBe("198.51.100.20");
    expect(await valueOf(pair.publicIps)).toEqual(["198.51.100.1", "198.51.100.2"]);
  });

  test("the way back: an internal load balancer with the same health check is next hop of the pools' routes", () => {
    expect(gcp("RegionBackendService").get("office-way-back-service")).toMatchObject({ loadBalancingScheme: "INTERNAL", healthChecks: "office-health-link" });
    expect(Object.fromEntries([...gcp("Route")].map(([name, { destRange, nextHopIlb, nextHopInstance }]) => [name, [destRange, nextHopIlb, nextHopInstance]]))).toEqual({
      "office-route-l2tp": ["10.77.1.0/24", "office-way-back-link", undefined], "office-route-ikev2": ["10.77.2.0/24", "office-way-back-link", undefined],
    });
  });

  test("packets come as they are: both machines have the load balancer's address, ESP may come bare", () => {
    for (const [member, own, peer] of [[1, "10.76.0.2", "10.76.0.3"], [2, "10.76.0.3", "10.76.0.2"]] as const) {
      expect(JSON.parse(fileOf(`office-${member}-base`, "/etc/vpn-gateway/pair.json"))).toMatchObject({ member, front: "loadBalancer", address: own, peer, endpoint: "198.51.100.20", floating: [] });
      expect(fileOf(`office-${member}-base`, "/etc/keepalived/keepalived.conf")).toContain("198.51.100.20/32 dev lo scope host");
      expect(fileOf(`office-${member}-base`, "/etc/swanctl/conf.d/vpn-gateway.conf")).not.toContain("encap");
    }
  });

  test("health checks get in from Google's ranges alone, VRRP from the pair's own tag, ESP from anywhere", () => {
    expect(gcp("Firewall").get("office-health")).toMatchObject({ allows: [{ protocol: "tcp", ports: ["8500"] }], sourceRanges: ["35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22"] });
    expect(gcp("Firewall").get("office-pair")).toMatchObject({ allows: [{ protocol: "112" }, { protocol: "udp", ports: ["500"] }], sourceTags: ["office-vpn-gateway"], targetTags: ["office-vpn-gateway"] });
    expect(gcp("Firewall").get("office-pair")!.sourceRanges).toBeUndefined();
    expect(fileOf("office-1-base", "/etc/vpn-gateway/firewall.nft")).toContain("35.191.0.0/16");
    expect(saidByPolicies()).toEqual([]);
  });

  test("the second machine has all of its parts and stands before the first is made", () => {
    before("office-2-users", "office-2-stands");
    before("office-2-stands", "office-1-machine");
    before("office-1-users", "office-1-stands");
    for (const part of ["identity", "passwords", "users"]) expect([part, pushed(`office-1-${part}`)]).toEqual([part, pushed(`office-2-${part}`)]);
    for (const member of [1, 2]) {
      expect(plain(ofType(remote).get(`office-${member}-host-key`)!.connection)).toMatchObject({ host: `198.51.100.${member}`, hostKey: `ssh-ed25519 AAAAoffice-${member}-bootstrap-host-key` });
      expect(plain(ofType(remote).get(`office-${member}-base`)!.connection)).toMatchObject({ host: `198.51.100.${member}`, hostKey: `office-${member}-host-key` });
    }
  });

  test("no input that is not a secret holds one; outputs are secret where they must be", async () => {
    await expectSecretsOnlyIn(["office-1-identity", "office-1-passwords", "office-2-identity", "office-2-passwords"], pair.clientSettings);
    expect(await secretOutputs(pair, ["clientSettings", "identity", "connections", "address", "publicIp", "publicIps", "machineIds"])).toEqual(["clientSettings", "identity", "connections"]);
  });

  test("parents: everything is the pair's own child", async () => {
    await expectOwnChildren(pair, "pulumi-vpn-gateway:gcp:GcpGatewayPair");
  });
});

describe("refused at preview, with nothing made", () => {
  const bad: [string, object, RegExp[]][] = [
    ["one zone, an old type and SSH from anywhere, all at once", { zones: ["europe-west3-b"], machineType: "f1-micro", administrators: ["0.0.0.0/0"] }, [/error zones \(1\): is not the number of a pair's zones/, /error machineType/, /error administrators\[0\]/]],
    ["zones of two regions", { zones: ["europe-west3-b", "us-east1-b"] }, [/error zones\[1\] \("us-east1-b"\): is in another region than the first/]],
  ];
  const said = previews("GcpGatewayPair", [{}, { zones: ["europe-west3-b", "europe-west3-b"] }, ...bad.map(([, changes]) => changes)]);

  test.each(bad.map((one, index) => [...one, index + 2] as const))("%s", async (_, _changes, expected, index) => {
    const { message, registered: names } = (await said)[index];
    for (const one of expected) expect(message).toMatch(one);
    expect(names).toEqual(["office"]);
  });

  test("the twins: what is not wrong is made, and one zone for both is told", async () => {
    const found = (await said).slice(0, 2);
    for (const { message, registered: names } of found) {
      expect(message).toBe("taken");
      expect(names.length).toBeGreaterThan(30);
    }
    expect(found[0].warned).toBe("");
    expect(found[1].warned).toMatch(/warning zones\[1\]/);
  });
});
