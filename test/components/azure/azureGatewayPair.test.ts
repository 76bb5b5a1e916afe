import * as path from "path";
import type { AzureGatewayPair } from "../../../azure";
import { ofType, one, plain, registered, textOf, valueOf } from "../mocks";
import { saidByPolicies } from "../previews";
import { expectContract, expectOwnChildren, expectSecretsOnlyIn, listing, secretOutputs } from "../promises";
import { madePair, previews, routeTable, subnetId } from "./helpers";

const contract = path.join(__dirname, "azureGatewayPair.contract.txt");
const remote = "command:remote:Command";
const azure = (type: string) => ofType(`azure-native:${type}`);
const pushed = (name: string) => textOf(ofType(remote).get(name)!.stdin);
const fileOf = (name: string, file: string) => pushed(name).split("\n").filter((line) => line.startsWith(`${file} |`)).map((line) => line.slice(file.length + 3)).join("\n");
const balancerId = (part: string) => ({ id: `/subscriptions/subscription/resourceGroups/office-group-name/providers/Microsoft.Network/loadBalancers/office-clients/${part}` });

describe("defaults, with L2TP", () => {
  let pair: AzureGatewayPair;
  let listed: string;
  beforeAll(async () => {
    pair = await madePair();
    listed = listing("defaults, with L2TP");
  });

  test("types and names of its children are the contract's", async () => {
    await madePair({ subnetId, resourceGroupName: "given", zones: [], routeTableIds: { private: routeTable("private") } });
    expectContract(contract, [listed, listing("in a subnet and a resource group, no zones, routes")]);
    pair = await madePair();
  });

  test("two machines in two zones, each with a public address of its own and its interface in the load balancer's pool", () => {
    expect([...azure("compute:VirtualMachine").keys()]).toEqual(["office-2-machine", "office-1-machine"]);
    for (const member of [1, 2]) {
      const zones = [String(member)];
      expect(azure("compute:VirtualMachine").get(`office-${member}-machine`)).toMatchObject({ zones, networkProfile: { networkInterfaces: [{ id: `office-${member}-interface-id` }] } });
      expect(azure("network:PublicIPAddress").get(`office-${member}-address`)).toMatchObject({ zones, sku: { name: "Standard" } });
      expect(azure("network:NetworkInterface").get(`office-${member}-interface`)).toMatchObject({
        enableIPForwarding: true, enableAcceleratedNetworking: true,
        ipConfigurations: [{ publicIPAddress: { id: `office-${member}-address-id` }, loadBalancerBackendAddressPools: [{ id: "office-clients-id/backendAddressPools/gateways" }] }],
      });
    }
  });

  test("clients: UDP 500 and 4500 by a load balancer that chooses by source address alone and asks TCP 8500", async () => {
    const { loadBalancerName, sku, frontendIPConfigurations, probes, loadBalancingRules } = one("azure-native:network:LoadBalancer");
    expect({ loadBalancerName, sku, frontendIPConfigurations }).toEqual({ loadBalancerName: "office-clients", sku: { name: "Standard" }, frontendIPConfigurations: [{ name: "clients", publicIPAddress: { id: "office-address-id" } }] });
    expect(probes).toEqual([{ name: "active", protocol: "Tcp", port: 8500, intervalInSeconds: 5, probeThreshold: 2, noHealthyBackendsBehavior: "AllProbedUp" }]);
    expect(loadBalancingRules).toEqual(
      [["ike", 500], ["nat-traversal", 4500]].map(([name, port]) => ({
        name, protocol: "Udp", frontendPort: port, backendPort: port, loadDistribution: "SourceIP", disableOutboundSnat: true,
        frontendIPConfiguration: balancerId("frontendIPConfigurations/clients"), backendAddressPool: balancerId("backendAddressPools/gateways"), probe: balancerId("probes/active"),
      })),
    );
    expect(azure("network:PublicIPAddress").get("office-address")).toMatchObject({ zones: ["1", "2", "3"] });
    expect([await valueOf(pair.address), await valueOf(pair.publicIps), await valueOf(pair.privateIps)]).toEqual(["198.51.100.20", ["198.51.100.1", "198.51.100.2"], ["10.76.0.4", "10.76.0.5"]]);
  });

  test("both serve: there is no VRRP, ESP comes within UDP, and each has its half of the pools", () => {
    for (const [member, own, peer] of [[1, "10.76.0.4", "10.76.0.5"], [2, "10.76.0.5", "10.76.0.4"]] as const) {
      expect(JSON.parse(fileOf(`office-${member}-base`, "/etc/vpn-gateway/pair.json"))).toMatchObject({ member, front: "loadSharing", address: own, peer, endpoint: "198.51.100.20", floating: [], drainSeconds: 15 });
      expect(fileOf(`office-${member}-base`, "/etc/keepalived/keepalived.conf")).toBe("");
      expect(fileOf(`office-${member}-base`, "/etc/swanctl/conf.d/vpn-gateway.conf")).toMatch(/encap = yes/);
      expect(fileOf(`office-${member}-base`, "/etc/xl2tpd/xl2tpd.conf")).toMatch(member === 1 ? /ip range = 10\.77\.1\.2-10\.77\.1\.127/ : /ip range = 10\.77\.1\.128-10\.77\.1\.254/);
      expect(fileOf(`office-${member}-base`, "/etc/vpn-gateway/firewall.nft")).toContain("168.63.129.16");
    }
  });

  test("the group lets in the probe and the other machine's question, and no bare ESP, which the load balancer does not carry", () => {
    const rules = one("azure-native:network:NetworkSecurityGroup").securityRules as { name: string; protocol: string; sourceAddressPrefix?: string; destinationPortRange?: string }[];
    expect(rules.map(({ name }) => name)).toEqual(["ike", "ssh", "icmp", "health", "pair", "else"]);
    expect(rules.find(({ name }) => name === "health")).toMatchObject({ protocol: "Tcp", sourceAddressPrefix: "AzureLoadBalancer", destinationPortRange: "8500" });
    expect(rules.find(({ name }) => name === "pair")).toMatchObject({ protocol: "Udp", sourceAddressPrefix: "VirtualNetwork", destinationPortRange: "500" });
    expect(saidByPolicies()).toEqual([]);
  });

  test("the second machine has all of its parts and stands before the first is made", () => {
    const order = registered.map(({ name }) => name);
    for (const [first, second] of [["office-2-users", "office-2-stands"], ["office-2-stands", "office-1-machine"], ["office-1-users", "office-1-stands"]]) {
      expect([first, second, order.includes(first), order.indexOf(first) < order.indexOf(second)]).toEqual([first, second, true, true]);
    }
    for (const part of ["identity", "passwords", "users"]) expect([part, pushed(`office-1-${part}`)]).toEqual([part, pushed(`office-2-${part}`)]);
    for (const member of [1, 2]) expect(plain(ofType(remote).get(`office-${member}-base`)!.connection)).toMatchObject({ host: `198.51.100.${member}`, hostKey: `office-${member}-host-key` });
  });

  test("no input that is not a secret holds one; outputs are secret where they must be", async () => {
    await expectSecretsOnlyIn(["office-1-identity", "office-1-passwords", "office-2-identity", "office-2-passwords"], pair.clientSettings);
    expect(await secretOutputs(pair, ["clientSettings", "identity", "connections", "address", "publicIp", "publicIps", "privateIps", "machineIds"])).toEqual(["clientSettings", "identity", "connections"]);
  });

  test("parents: everything is the pair's own child", async () => {
    await expectOwnChildren(pair, "pulumi-vpn-gateway:azure:AzureGatewayPair");
  });
});

test("each route table gets a route to each half of each pool, to the machine that hands it out", async () => {
  await madePair({ routeTableIds: { private: routeTable("private") } });
  const routes = [...azure("network:Route").values()].map(({ addressPrefix, nextHopType, nextHopIpAddress }) => [addressPrefix, nextHopType, nextHopIpAddress].join(" "));
  expect(routes.sort()).toEqual([
    "10.77.1.0/25 VirtualAppliance 10.76.0.4", "10.77.1.128/25 VirtualAppliance 10.76.0.5",
    "10.77.2.0/25 VirtualAppliance 10.76.0.4", "10.77.2.128/25 VirtualAppliance 10.76.0.5",
  ]);
});

describe("refused at preview, with nothing made", () => {
  const bad: [string, object, RegExp[]][] = [
    ["one zone, an old size and SSH from anywhere, all at once", { zones: ["1"], vmSize: "Basic_A1", administrators: ["0.0.0.0/0"] }, [/error zones \(1\): is not the number of a pair's zones/, /error vmSize/, /error administrators\[0\]/]],
    ["zones by their names", { zones: ["westeurope-1", "2"] }, [/error zones\[0\] \("westeurope-1"\): is no availability zone/]],
  ];
  const said = previews("AzureGatewayPair", [{}, { zones: ["2", "2"] }, { zones: [] }, ...bad.map(([, changes]) => changes)]);

  test.each(bad.map((each, index) => [...each, index + 3] as const))("%s", async (_, _changes, expected, index) => {
    const { message, registered: names } = (await said)[index];
    for (const each of expected) expect(message).toMatch(each);
    expect(names).toEqual(["office"]);
  });

  test("the twins: what is not wrong is made; one zone for both, or none, is told", async () => {
    const found = (await said).slice(0, 3);
    for (const { message, registered: names } of found) {
      expect(message).toBe("taken");
      expect(names.length).toBeGreaterThan(30);
    }
    expect(found.map(({ warned }) => /warning (zones\S*)/.exec(warned)?.[1])).toEqual([undefined, "zones[1]", "zones"]);
  });
});
