import { exampleSpec } from "../specs";
import { firewallRules, healthCheckRanges } from "../../../gateway/gcp/firewall";
import { firstBootKey, imageFamily, secureBoot } from "../../../gateway/gcp/images";
import { labelProblems, labelsOf } from "../../../gateway/gcp/labels";
import { defaultMachineType, knownMachineType, machineTypeFacts } from "../../../gateway/gcp/machineTypes";
import { gcpProblems, regionOf, type GcpFacts } from "../../../gateway/gcp/validate";
import type { GatewaySpec } from "../../../gateway/spec";

const facts: GcpFacts = {
  machineType: defaultMachineType, imageChosen: false, diskTypeChosen: false, peers: ["0.0.0.0/0"], l2tpOutsideIpsec: false,
  diskGigabytes: 10, labels: {}, networkCidr: "10.76.0.0/24", zone: "europe-west3-b", generation: 1,
};
const spec = (changes: Partial<GatewaySpec> = {}) => exampleSpec({ outsideMtu: 1460, ...changes });
const told = (changes: Partial<GcpFacts>, of: Partial<GatewaySpec> = {}) =>
  gcpProblems(spec(of), { ...facts, ...changes }).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);

test("the defaults have no problem, nor has what is not known yet", () => {
  expect(told({})).toEqual([]);
  expect(gcpProblems(spec(), { imageChosen: false, diskTypeChosen: false, generation: 1 })).toEqual([]);
});

const bad: [string, Partial<GcpFacts>, Partial<GatewaySpec>, RegExp][] = [
  ["a shared old core", { machineType: "g1-small" }, {}, /^error machineType: cannot carry a gateway: its series has a part of an old core/],
  ["the first generation", { machineType: "n1-standard-1" }, {}, /^error machineType: .* first generation/],
  ["a custom type of the first generation", { machineType: "custom-2-4096" }, {}, /^error machineType: .* first generation/],
  ["a series that is not known", { machineType: "z9-standard-1" }, {}, /^error machineType: is of a series that the library does not know/],
  ["an unknown series with an image but no disk", { machineType: "z9-standard-1", imageChosen: true }, {}, /^error machineType: is of a series/],
  ["a type that is none", { machineType: "Standard_D2ls_v5" }, {}, /^error machineType: is no machine type/],
  ["a family for an image", { image: "projects/debian-cloud/global/images/family/debian-13", imageChosen: true }, {}, /^error image: is not the full name of one image/],
  ["a region for a zone", { zone: "europe-west3" }, {}, /^error zone: is no zone/],
  ["a zone of another region", { networkCidr: undefined, subnetworkRegion: "us-east1" }, {}, /^error zone: is in region europe-west3, and the subnetwork in us-east1/],
  ["an MTU that no packet to the internet has", {}, { outsideMtu: 8896 }, /^error outsideMtu: is more than what leaves Google Cloud/],
  ["an MTU that no network has", {}, { outsideMtu: 1280 }, /^error outsideMtu: is less than a network of Google Cloud can have/],
  ["a platform that no image of is chosen", {}, { platform: "el9" }, /^error platform: is for an existing host alone: no image of it is chosen/],
  ["nobody who may connect", { peers: [] }, {}, /^error peers: lets nobody reach/],
  ["peers of IPv6", { peers: ["0.0.0.0/0", "::/0"] }, {}, /^error peers\[1\]: is IPv6/],
  ["L2TP outside of IPsec", { l2tpOutsideIpsec: true }, {}, /^warning openL2tpOutsideIpsec/],
  ["SSH from anywhere", {}, { administrators: ["198.51.100.0/24", "0.0.0.0/0"] }, /^error administrators\[1\]: opens SSH to the world/],
  ["SSH from nowhere", {}, { administrators: [] }, /^error administrators: lets nobody in/],
  ["SSH from IPv6", {}, { administrators: ["2001:db8::/48"] }, /^error administrators\[0\]: is IPv6/],
  ["a disk smaller than the image", { diskGigabytes: 8 }, {}, /^error diskGigabytes: is not a whole number from 10/],
  ["a machine that is not counted", { generation: 0 }, {}, /^error generation/],
  ["a network that is too small", { networkCidr: "10.76.0.0/30" }, {}, /^error networkCidr: is not an IPv4 network from \/8 to \/29/],
  ["a pool in the network that is made", { networkCidr: "10.77.1.0/24" }, {}, /^error l2tp.pool: overlaps networkCidr/],
  ["a pool in the subnetwork", { networkCidr: undefined, subnetworkCidrs: ["10.77.2.0/25"] }, {}, /^error ikev2.pool: overlaps the subnetwork's range/],
  ["a name that begins with a digit", {}, { name: "1office" }, /^error name: does not begin with a letter/],
  ["a name that is too long", {}, { name: "x".repeat(39) }, /^error name: has 39 characters, and Google Cloud's names leave room for 38/],
  ["more administrators than metadata of ours holds", {}, { administrators: Array.from({ length: 900 }, (_, i) => `198.51.${i >> 8}.${i & 255}/32`) }, /^error administrators: user data has \d+ bytes/],
];
test.each(bad)("%s", (_, changes, of, expected) => {
  expect(told(changes, of)).toContainEqual(expect.stringMatching(expected));
});

const good: [string, Partial<GcpFacts>, Partial<GatewaySpec>][] = [
  ["arm64", { machineType: "c4a-standard-1" }, {}],
  ["a custom type", { machineType: "n2-custom-2-4096" }, {}],
  ["one image", { image: "projects/debian-cloud/global/images/debian-13-trixie-v20260210", imageChosen: true }, {}],
  ["one image by its link", { image: "https://www.googleapis.com/compute/v1/projects/p/global/images/mine", imageChosen: true }, {}],
  ["a small MTU in a network that is given", { networkCidr: undefined, subnetworkCidrs: ["172.31.0.0/16"] }, { outsideMtu: 1280 }],
  ["the longest name", {}, { name: "x".repeat(38) }],
  ["a hundred administrators", {}, { administrators: Array.from({ length: 100 }, (_, i) => `198.51.100.${i}/32`) }],
];
test.each(good)("the twin: %s", (_, changes, of) => {
  expect(told(changes, of)).toEqual([]);
});

test("an unknown series with image and disk of its own is the user's to know", () => {
  expect(told({ machineType: "z9-standard-1", imageChosen: true, diskTypeChosen: true })).toEqual(["warning machineType: is of a series that the library does not know"]);
});

test("the longest name of ours that Pulumi makes longer still fits", () => {
  expect(`${"x".repeat(38)}-route-ikev2-2222-0123456`.length).toBeLessThanOrEqual(63);
});

test("series: architecture and disk", () => {
  expect(knownMachineType("t2a-standard-1")).toMatchObject({ architecture: "arm64", diskType: "pd-balanced" });
  expect(knownMachineType("n4-standard-2")).toMatchObject({ architecture: "amd64", diskType: "hyperdisk-balanced" });
  expect(knownMachineType("n2d-highcpu-2")).toMatchObject({ architecture: "amd64", diskType: "pd-balanced" });
  expect(machineTypeFacts("constructor-1")).toEqual({ kind: "unknown" });
  expect(regionOf("europe-west3-b")).toBe("europe-west3");
});

test("images: the builders' families, and how each is told what to do", () => {
  expect([imageFamily("debian13", "amd64"), imageFamily("debian13", "arm64"), imageFamily("ubuntu2404", "arm64")]).toEqual([
    { project: "debian-cloud", family: "debian-13" }, { project: "debian-cloud", family: "debian-13-arm64" }, { project: "ubuntu-os-cloud", family: "ubuntu-2404-lts-arm64" },
  ]);
  expect([firstBootKey("debian13"), firstBootKey("ubuntu2404"), secureBoot("amd64"), secureBoot("arm64")]).toEqual(["startup-script", "user-data", true, false]);
});

test("what Google Cloud would refuse of labels", () => {
  const said = (labels: Record<string, string>) => labelProblems("office", labels).map(({ path, message }) => `${path}: ${message}`);
  expect(said({ cost: "42", "team_name-1": "" })).toEqual([]);
  for (const [key, value] of [["Cost", "x"], ["1st", "x"], ["k".repeat(64), "x"], ["k", "A"], ["k", "v".repeat(64)], ["k", 42 as never]] as const) expect(said({ [key]: value })).toHaveLength(1);
  const many = (number: number) => Object.fromEntries(Array.from({ length: number }, (_, i) => [`k${i}`, ""]));
  expect([said(many(63)).length, said(many(64)).length]).toEqual([0, 1]);
  expect(labelsOf("office", { "vpn-gateway": "mine" })).toEqual({ "vpn-gateway": "mine" });
});

test("a pair's rules: VRRP and IKE from its own tag, the health port from Google's ranges alone", () => {
  const rules = firewallRules({ peers: ["198.51.100.7/24", "198.51.100.0/24"], administrators: ["203.0.113.0/24"], sshPort: 2222, l2tpOutsideIpsec: true, pair: { healthPort: 8500, healthCheckers: healthCheckRanges } });
  const by = Object.fromEntries(rules.map((rule) => [rule.suffix, rule]));
  expect(by.peers).toMatchObject({ protocols: [{ protocol: "udp", ports: ["500", "4500", "1701"] }, { protocol: "esp" }], sources: ["198.51.100.0/24"] });
  expect(by.ssh.protocols).toEqual([{ protocol: "tcp", ports: ["2222"] }]);
  expect(by.pair).toMatchObject({ fromPair: true, protocols: [{ protocol: "112" }, { protocol: "udp", ports: ["500"] }] });
  expect(by.health).toMatchObject({ protocols: [{ protocol: "tcp", ports: ["8500"] }], sources: ["35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22"] });
  expect(by.else.priority).toBeGreaterThan(Math.max(...rules.filter(({ action }) => action === "allow").map(({ priority }) => priority)));
});
