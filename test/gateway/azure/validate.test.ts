import { exampleSpec } from "../specs";
import * as checks from "../../../gateway/azure/checks";
import { parseRouteTableId, parseSubnetId } from "../../../gateway/azure/ids";
import { marketplaceImage, parseImage } from "../../../gateway/azure/images";
import { securityRules } from "../../../gateway/azure/securityRules";
import { defaultVmSize, knownVmSize, vmSizeFacts } from "../../../gateway/azure/sizes";
import { tagProblems, tagsOf } from "../../../gateway/azure/tags";
import { azureProblems, type AzureFacts } from "../../../gateway/azure/validate";
import type { GatewaySpec } from "../../../gateway/spec";

const network = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network";
const facts: AzureFacts = {
  vmSize: defaultVmSize, imageChosen: false, peers: ["0.0.0.0/0"], l2tpOutsideIpsec: false, diskGigabytes: 30, tags: {},
  networkCidr: "10.76.0.0/24", routeTableIds: {}, generation: 1,
};
const told = (changes: Partial<AzureFacts>, of: Partial<GatewaySpec> = {}) =>
  azureProblems(exampleSpec(of), { ...facts, ...changes }).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);

test("the defaults have no problem, nor has what is not known yet", () => {
  expect(told({})).toEqual([]);
  expect(azureProblems(exampleSpec(), { imageChosen: false, routeTableIds: { main: undefined }, generation: 1 })).toEqual([]);
});

const bad: [string, Partial<AzureFacts>, Partial<GatewaySpec>, RegExp][] = [
  ["a size without accelerated networking", { vmSize: "Standard_A1_v2" }, {}, /^error vmSize: cannot carry a gateway: it has no accelerated/],
  ["a basic size", { vmSize: "Basic_A1" }, {}, /^error vmSize: cannot carry a gateway/],
  ["a size of a previous generation", { vmSize: "Standard_DS2_v2" }, {}, /^error vmSize: .* previous generation/],
  ["an old burstable size", { vmSize: "Standard_B1s" }, {}, /^error vmSize: .* previous generation/],
  ["a family that is not known", { vmSize: "Standard_NC4as_T4_v3" }, {}, /^error vmSize: is of a family that the library does not know/],
  ["a size that is none", { vmSize: "c7g.medium" }, {}, /^error vmSize: is no size/],
  ["an image that is none", { image: "Debian:debian-13", imageChosen: true }, {}, /^error image: is no image/],
  ["a region for a zone", { zone: "westeurope-1" }, {}, /^error zone: is no availability zone/],
  ["a jumbo MTU", {}, { outsideMtu: 9000 }, /^error outsideMtu: is more than what leaves Azure/],
  ["a platform that no image of is chosen", {}, { platform: "el9" }, /^error platform: is for an existing host alone: no image of it is chosen/],
  ["nobody who may connect", { peers: [] }, {}, /^error peers: lets nobody reach/],
  ["peers of IPv6", { peers: ["::/0"] }, {}, /^error peers\[0\]: is IPv6/],
  ["L2TP outside of IPsec", { l2tpOutsideIpsec: true }, {}, /^warning openL2tpOutsideIpsec/],
  ["SSH from anywhere", {}, { administrators: ["0.0.0.0/0"] }, /^error administrators\[0\]: opens SSH to the world/],
  ["SSH from nowhere", {}, { administrators: [] }, /^error administrators: lets nobody in/],
  ["a disk smaller than the image", { diskGigabytes: 8 }, {}, /^error diskGigabytes: is not a whole number from 30/],
  ["a machine that is not counted", { generation: 1.5 }, {}, /^error generation/],
  ["a network with host bits", { networkCidr: "10.76.0.1/24" }, {}, /^error networkCidr/],
  ["a subnet by its name", { networkCidr: undefined, subnetId: "edge" }, {}, /^error subnetId: is no id of a subnet/],
  ["a pool in the network that is made", { networkCidr: "10.77.1.0/24" }, {}, /^error l2tp.pool: overlaps networkCidr/],
  ["a pool in the virtual network", { networkCidr: undefined, networkCidrs: ["10.77.2.0/25"] }, {}, /^error ikev2.pool: overlaps the virtual network's range/],
  ["a table that is none", { routeTableIds: { main: `${network}/virtualNetworks/x` } }, {}, /^error routeTableIds.main: is no id of a route table/],
  ["a name that is too long", {}, { name: "x".repeat(47) }, /^error name: has 47 characters, and Azure's names leave room for 46/],
  ["more administrators than user data holds", {}, { administrators: Array.from({ length: 900 }, (_, i) => `198.51.${i >> 8}.${i & 255}/32`) }, /^error administrators: user data has \d+ bytes/],
];
test.each(bad)("%s", (_, changes, of, expected) => {
  expect(told(changes, of)).toContainEqual(expect.stringMatching(expected));
});

const good: [string, Partial<AzureFacts>, Partial<GatewaySpec>][] = [
  ["arm64", { vmSize: "Standard_D2pls_v6" }, {}],
  ["an image of the marketplace", { image: "Debian:debian-13:13-gen2:latest", imageChosen: true }, {}],
  ["an image of one's own", { image: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/mine", imageChosen: true }, {}],
  ["a subnet", { networkCidr: undefined, subnetId: `${network}/virtualNetworks/n/subnets/s`, networkCidrs: ["172.31.0.0/16"], zone: "1" }, {}],
  ["a table", { routeTableIds: { main: `${network}/routeTables/main` } }, {}],
  ["the longest name", {}, { name: "x".repeat(46) }],
];
test.each(good)("the twin: %s", (_, changes, of) => {
  expect(told(changes, of)).toEqual([]);
});

test("an unknown family with an image of its own is the user's to know", () => {
  expect(told({ vmSize: "Standard_L8s_v3", imageChosen: true })).toEqual(["warning vmSize: is of a family that the library does not know"]);
});

test("sizes by their names: architecture, acceleration", () => {
  expect([knownVmSize("Standard_D2ls_v5"), knownVmSize("Standard_D2pls_v6"), knownVmSize("Standard_B2ts_v2"), knownVmSize("Standard_E4-2ads_v5"), knownVmSize("Standard_F1als_v7")]).toMatchObject([
    { architecture: "amd64", acceleratedNetworking: true }, { architecture: "arm64", acceleratedNetworking: true }, { architecture: "amd64", acceleratedNetworking: true },
    { architecture: "amd64", acceleratedNetworking: true }, { architecture: "amd64", acceleratedNetworking: false },
  ]);
  expect(vmSizeFacts("Standard_D2s_v3")).toMatchObject({ kind: "refused" });
  expect(vmSizeFacts("standard_d2ls_v5")).toEqual({ kind: "malformed" });
});

test("images: the owners' offers, and the ways to name another", () => {
  expect(marketplaceImage("debian13", "amd64")).toEqual({ publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" });
  expect([marketplaceImage("debian13", "arm64").sku, marketplaceImage("ubuntu2404", "amd64").sku, marketplaceImage("ubuntu2404", "arm64").sku]).toEqual(["13-arm64", "server", "server-arm64"]);
  expect(parseImage("Debian:debian-13:13-gen2:0.2026.1")).toEqual({ publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "0.2026.1" });
  for (const wrong of ["", "a:b:c", "a:b:c:d:e", "a:b::d", "/subscriptions/s/images/x"]) expect(parseImage(wrong)).toBeUndefined();
});

test("ids, in whichever case Azure writes them", () => {
  expect(parseSubnetId(`${network.toLowerCase()}/virtualnetworks/N/subnets/S`)).toEqual({ resourceGroupName: "g", virtualNetworkName: "N", subnetName: "S" });
  expect(parseRouteTableId(`${network}/routeTables/T`)).toEqual({ resourceGroupName: "g", routeTableName: "T" });
  expect(parseSubnetId(`${network}/routeTables/T`)).toBeUndefined();
});

test("what Azure would refuse of tags", () => {
  const said = (tags: Record<string, string>) => tagProblems("office", tags).map(({ path, message }) => `${path}: ${message}`);
  expect(said({ cost: "42", "team:name": "a b" })).toEqual([]);
  for (const [key, value] of [["", "x"], ["a/b", "x"], ["Azure-x", "y"], ["k".repeat(513), "x"], ["k", "v".repeat(257)], ["k", 42 as never]] as const) expect(said({ [key]: value })).toHaveLength(1);
  const many = (number: number) => Object.fromEntries(Array.from({ length: number }, (_, i) => [`k${i}`, ""]));
  expect([said(many(49)).length, said(many(50)).length]).toEqual([0, 1]);
  expect(tagsOf("office", {})).toEqual({ "vpn-gateway": "office" });
});

test("rules behind a load balancer: no bare ESP, its probe to the health port alone, and the other machine's question", () => {
  const plan = { peers: ["198.51.100.7/24", "198.51.100.0/24"], administrators: ["203.0.113.0/24"], sshPort: 2222, l2tpOutsideIpsec: true };
  const of = (balanced?: { healthPort: number }) => securityRules({ ...plan, balanced });
  expect(of().map(({ name }) => name)).toEqual(["ike", "esp", "ssh", "icmp", "else"]);
  expect(of({ healthPort: 8500 }).map(({ name }) => name)).toEqual(["ike", "ssh", "icmp", "health", "pair", "else"]);
  expect(of()[0]).toMatchObject({ protocol: "Udp", destinationPortRanges: ["500", "4500", "1701"], sourceAddressPrefixes: ["198.51.100.0/24"] });
  expect(of({ healthPort: 8500 })[3]).toMatchObject({ protocol: "Tcp", destinationPortRange: "8500", sourceAddressPrefix: "AzureLoadBalancer" });
  const priorities = of({ healthPort: 8500 }).map(({ priority }) => priority);
  expect(new Set(priorities).size).toBe(priorities.length);
  expect(Math.max(...priorities)).toBe(priorities.at(-1));
});

test("what no gateway may be", () => {
  expect([checks.forwarding(true), checks.forwarding(undefined)]).toEqual([undefined, expect.stringMatching(/drops/)]);
  expect([checks.passwordLogin({ linuxConfiguration: { disablePasswordAuthentication: true } }), checks.passwordLogin(undefined)]).toEqual([undefined, expect.stringMatching(/by password/)]);
  expect(checks.balancing({ frontendPort: 4500, protocol: "Udp", loadDistribution: "SourceIPProtocol" })).toMatch(/two machines/);
  expect(checks.balancing({ frontendPort: 4500, protocol: "Udp", loadDistribution: "SourceIP" })).toBeUndefined();
});
