import type { LayerTwoSpec } from "../../../gateway/layer2/spec";
import { validateLayerTwo } from "../../../gateway/layer2/validate";
import { exampleEnd } from "../site/specs";
import { exampleLayerTwo, exampleTunnel } from "./specs";

const said = (changes: Partial<LayerTwoSpec>) => validateLayerTwo(exampleLayerTwo(changes)).map(({ path, message, severity }) => `${severity} ${path}: ${message}`);
const { left, right } = exampleLayerTwo();
const outside = (outsideMtu: number) => exampleTunnel({ left: exampleEnd({ outsideMtu }) });

test("a good one has nothing against it", () => {
  expect(said({})).toEqual([]);
  expect(said({ left: { ...left, vlans: [0] }, right: { ...right, vlans: [4094] }, homeSeconds: 0, neighbourGuard: false, vni: 0xffffff })).toEqual([]);
  expect(said({ addresses: ["10.90.0.0/24", "fd90::/64"], localGateways: ["10.90.0.1", "fd90::1", "fe80::1"], fragment: true })).toEqual([]);
});

const bad: [string, Partial<LayerTwoSpec>, RegExp[]][] = [
  ["a name", { name: "Stretched_1" }, [/^error name: is no name of an extension/]],
  ["a connection to a device", { connection: exampleTunnel({ right: exampleEnd({ kind: "device" }) }) }, [/^error over: ends at a device/]],
  ["no interface to go over", { connection: exampleTunnel({ mode: "policy" }) }, [/^error over: has no interface of its own: its mode is policy/]],
  ["no addresses to go between", { connection: exampleTunnel({ layerTwo: undefined }) }, [/^error over: has no addresses of its own/]],
  ["no room", { left: { ...left, room: false }, right: { ...right, room: false } }, [/^error left: makes no room/, /^error right: makes no room/]],
  ["no name of an interface", { left: { ...left, interface: "lan 0; reboot" } }, [/^error left.interface: is no name/]],
  ["an interface that is too long", { left: { ...left, interface: "a".repeat(16) } }, [/^error left.interface: is no name/]],
  ["a tunnel as inside interface", { left: { ...left, interface: "st-office" }, right: { ...right, interface: "lo" } }, [/^error left.interface: is no inside interface/, /^error right.interface: is no inside/]],
  ["the same VLAN twice", { left: { ...left, vlans: [100, 100] } }, [/^error left.vlans\[1\]: is there twice/]],
  ["VLANs that there are not", { left: { ...left, vlans: [4095, -1] }, right: { ...right, vlans: [1.5, 2] } }, [/^error left.vlans\[0\]: is no VLAN/, /^error left.vlans\[1\]: is no VLAN/, /^error right.vlans\[0\]: is no VLAN/]],
  ["none at all", { left: { ...left, vlans: [] }, right: { ...right, vlans: [] } }, [/^error left.vlans: is empty/, /^error right.vlans: is empty/]],
  ["more on one side", { right: { ...right, vlans: [100] } }, [/^error right.vlans: has 1 where the left end has 2/]],
  ["frames without a tag beside VLANs of one interface", { left: { ...left, vlans: [0, 100] } }, [/^error left.vlans: names frames without a tag beside VLANs/]],
  ["identifiers out of range", { vni: 0 }, [/^error vni: is not a whole number from 1 to 16777214/]],
  ["the last one without room for the second VLAN", { vni: 0xffffff }, [/^error vni: /]],
  ["limits", { stormLimit: 9, mostStations: 0, homeSeconds: 5 }, [/^error stormLimit: .*10 to 100000/, /^error mostStations: .*1 to 65535/, /^error homeSeconds: is not 0 or a whole number from 10 to 3600/]],
  ["networks", { addresses: ["10.90.0.5/24", "x", "fd90::/64", "fd90::/64"] }, [/^error addresses\[0\]: has bits set/, /^error addresses\[1\]: is not a network/, /^error addresses\[3\]: is there twice/]],
  ["networks that nobody looks at", { addresses: ["10.90.0.0/24"], neighbourGuard: false }, [/^error addresses: is looked at by the neighbour guard/]],
  ["gateways", { addresses: ["10.90.0.0/24"], localGateways: ["10.91.0.1", "gateway", "10.90.0.1", "10.90.0.1", "fd90::1"] }, [/^error localGateways\[0\]: is in none of/, /^error localGateways\[1\]: is no IP address/, /^error localGateways\[3\]: is there twice/]],
  ["a link that leaves too little", { connection: outside(1340) }, [/^error over: 1340 bytes outside leave \d+ for a packet/]],
];

test.each(bad)("%s: refused, each with its place", (_, changes, expected) => {
  const found = said(changes);
  expect(found).toHaveLength(expected.length);
  found.forEach((text, index) => expect(text).toMatch(expected[index]));
});

test("the same small link is good enough for who fragments", () => {
  expect(said({ connection: outside(1340), fragment: true })).toEqual([]);
});

test("all of them come at once, each with what helps", () => {
  const all = validateLayerTwo(exampleLayerTwo({ name: "", vni: -1, left: { gateway: "office", room: false, interface: "", vlans: [7, 7] }, stormLimit: 1 }));
  expect(all.map(({ path }) => path)).toEqual(["name", "left", "left.interface", "left.vlans[1]", "vni", "stormLimit"]);
  for (const { remedy } of all) expect(remedy).toMatch(/^[A-Z].*\.$/);
});
