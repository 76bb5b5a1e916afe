import * as path from "path";
import { bridgeInterface, insidePorts, layerTwoNames, mostVni, tunnelPorts, vniOf } from "../../../gateway/layer2/names";
import { layerTwoPart } from "../../../gateway/layer2/parts";
import { layerTwoCounters } from "../../../gateway/layer2/render/bridge";
import { layerTwoViewFrom, type LayerTwoSpec } from "../../../gateway/layer2/spec";
import { siteInterface } from "../../../gateway/site/names";
import { goldenTree } from "../goldenTree";
import { nftChain } from "../nftChain";
import { exampleLayerTwo, exampleTunnel } from "./specs";

const partOf = (spec: LayerTwoSpec, side: "left" | "right" = "left") => layerTwoPart(layerTwoViewFrom(spec, side));
const filesOf = (spec: LayerTwoSpec, side: "left" | "right" = "left") => Object.fromEntries(partOf(spec, side).files.map(({ path: file, content }) => [file, content]));
const names = layerTwoNames("stretched");
const firewallOf = (changes: Partial<LayerTwoSpec> = {}) => filesOf(exampleLayerTwo(changes))[names.firewall];

const cases: Record<string, Record<string, string>> = {
  "layer2-left": filesOf(exampleLayerTwo()),
  "layer2-right": filesOf(exampleLayerTwo(), "right"),
  "layer2-whole": filesOf(
    exampleLayerTwo({
      name: "a-segment-with-a-long-name", fragment: true, addresses: ["10.90.0.0/24", "fd90::/64"], localGateways: ["10.90.0.1", "fd90::1"],
      left: { gateway: "office", room: true, interface: "lan1", vlans: [0] }, right: { gateway: "cloud", room: true, interface: "eth1", vlans: [0] },
    }),
  ),
  "layer2-bare": filesOf(exampleLayerTwo({ name: "bare", neighbourGuard: false, homeSeconds: 0 })),
};

// UPDATE_GOLDEN=1 writes them anew; the review reads the difference.
describe.each(Object.keys(cases))("golden tree %s", (name) => {
  test("is what the extension renders to", () => {
    expect(cases[name]).toEqual(goldenTree(path.join("..", "layer2", "golden", name), cases[name]));
  });
});

describe("what carries the frames", () => {
  const own = siteInterface("office-to-cloud");
  const firewall = firewallOf();

  test("is heard out of the tunnel's own interface from its far end alone, and goes nowhere else", () => {
    expect(nftChain(firewall, "prerouting")).toContain(`ip saddr 169.254.64.7 iifname != "${own}" counter drop`);
    expect(nftChain(firewall, "input").slice(1)).toEqual([
      `iifname "${own}" ip saddr 169.254.64.7 ip daddr 169.254.64.6 accept`,
      "ip daddr 169.254.64.6 udp dport 4789 counter drop",
      "ip daddr 169.254.64.6 meta l4proto gre counter drop",
      // VXLAN's identifier (RFC 7348, 5) is behind UDP's header and four bytes more: other extensions have others.
      "udp dport 4789 @th,96,24 5000 counter drop",
      "udp dport 4789 @th,96,24 5001 counter drop",
    ]);
    expect(firewallOf({ fragment: true })).not.toContain("@th");
    expect(nftChain(firewall, "output")).toContain(`ip daddr 169.254.64.7 oifname != "${own}" counter drop`);
  });

  test("nothing of the gateway's own enters the segment", () => {
    expect(nftChain(firewall, "output").slice(-3)).toEqual(['oifname "l2-stretched" drop', `oifname "${tunnelPorts("stretched")}*" drop`, `oifname "${insidePorts("stretched")}*" drop`]);
    const whole = { gateway: "x", room: true, interface: "lan1", vlans: [0] };
    expect(nftChain(firewallOf({ left: whole, right: whole }), "output").at(-1)).toBe('oifname "lan1" drop');
  });

  test("is VXLAN, of which hosts are told what fits, or GRE bound to the tunnel, which cuts", () => {
    const kind = (fragment: boolean) => JSON.parse(filesOf(exampleLayerTwo({ fragment }))[names.description]) as Record<string, unknown>;
    expect(kind(false)).toMatchObject({ kind: "vxlan", port: 4789, overhead: 50, tunnel: own, near: "169.254.64.6", far: "169.254.64.7", link: "169.254.64.6/31" });
    expect(kind(true)).toMatchObject({ kind: "gretap", overhead: 42 });
    expect([partOf(exampleLayerTwo()).modules, partOf(exampleLayerTwo({ fragment: true })).modules].map((list) => list.at(-1))).toEqual(["vxlan", "ip_gre"]);
  });

  test("has the same identifier for a VLAN at both ends, whatever number it has there", () => {
    const segments = (side: "left" | "right") => (JSON.parse(filesOf(exampleLayerTwo(), side)[names.description]) as { segments: { vni: number; vlan: number; pvid: number }[] }).segments;
    expect(segments("left").map(({ vni, vlan }) => [vni, vlan])).toEqual([[5000, 100], [5001, 200]]);
    expect(segments("right").map(({ vni, vlan }) => [vni, vlan])).toEqual([[5000, 100], [5001, 300]]);
    expect(new Set(segments("left").map(({ pvid }) => pvid)).size).toBe(2);
  });

  test("goes over BGP's link where there is one", () => {
    const bgp = { left: { room: true, as: 1, routerId: "1.1.1.1", preference: 1 }, right: { room: true, as: 2, routerId: "2.2.2.2", preference: 1 }, link: "169.254.70.0/31", bfdInterval: 0, transit: [], mostPrefixes: 1 };
    expect(firewallOf({ connection: exampleTunnel({ routing: "bgp", bgp }) })).toContain("ip saddr 169.254.70.1 iifname");
  });
});

describe("the frames", () => {
  const arriving = nftChain(firewallOf(), "arriving");
  const beyond = nftChain(firewallOf(), "from_beyond");
  const leaving = nftChain(firewallOf(), "leaving");

  test("of other bridges are left alone", () => {
    expect(arriving[1]).toBe('meta ibrname != "l2-stretched" accept');
    expect(leaving[1]).toBe('meta ibrname != "l2-stretched" accept');
  });
  test("of spanning trees and the like end at every port, before anything is learned of them", () => {
    expect(arriving).toContain("ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 counter name control drop");
    expect(arriving).toContain("ether daddr { 01:00:0c:cc:cc:cc, 01:00:0c:cc:cc:cd } counter name control drop");
    expect(arriving.findIndex((rule) => rule.startsWith("iifname"))).toBeGreaterThan(arriving.findIndex((rule) => rule.includes("01:80:c2")));
  });
  test("are held to the storm limit in both directions, unless their station is known", () => {
    const limit = "limit rate over 200/second burst 200 packets counter name storm drop";
    expect(beyond).toContain(`ether daddr != @here ${limit}`);
    expect(leaving).toContain(`ether daddr != @beyond ${limit}`);
  });
  test("teach no more stations than may be", () => {
    expect(beyond.slice(-2)).toEqual(["update @beyond { ether saddr } accept", "counter name stations drop"]);
    expect(leaving).toContain("ether saddr != @here counter name stations drop");
    expect(firewallOf({ mostStations: 7 }).match(/size 7$/gm)).toHaveLength(7);
  });
  test("of who speaks here do not come from beyond", () => {
    expect(beyond[0]).toBe("ether saddr @home counter name loop drop");
    expect(firewallOf({ homeSeconds: 0 })).not.toContain("@home");
  });
  test("pass the neighbour guard in both directions, and no router's advertisement passes", () => {
    for (const chain of [beyond, leaving]) expect(chain).toContain("jump neighbours");
    const guard = nftChain(firewallOf({ addresses: ["10.90.0.0/24"] }), "neighbours");
    expect(guard[0]).toBe("icmpv6 type { nd-router-advert, nd-redirect } counter name neighbour drop");
    expect(guard).toContain("arp saddr ip != 0.0.0.0 arp saddr ip != @segment4 counter name neighbour drop");
    expect(beyond).toContain("arp saddr ip @home4 counter name neighbour drop");
    expect(beyond).toContain("icmpv6 type nd-neighbor-advert icmpv6 taddr @home6 counter name neighbour drop");
    const here = nftChain(firewallOf(), "from_here");
    expect(here.indexOf("arp saddr ip @away4 counter name neighbour drop")).toBeLessThan(here.indexOf("arp saddr ip != 0.0.0.0 update @home4 { arp saddr ip }"));
    expect(here).toContain("ip saddr @home4 ip saddr != @away4 update @home4 { ip saddr }");
    expect(nftChain(firewallOf({ addresses: ["10.90.0.0/24"] }), "from_here")).toContain("ip saddr @segment4 ip saddr != @away4 update @home4 { ip saddr }");
    expect(firewallOf({ neighbourGuard: false })).not.toContain("counter name neighbour");
  });
  test("of a site's own gateway stay there, in both directions", () => {
    const firewall = firewallOf({ localGateways: ["10.90.0.1", "fd90::1"] });
    expect(nftChain(firewall, "gateways").slice(0, 3)).toEqual([
      "arp daddr ip @own4 counter name gateway drop", "arp saddr ip @own4 counter name gateway drop",
      "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } icmpv6 taddr @own6 counter name gateway drop",
    ]);
    expect(firewall).toMatch(/set own4 \{[^}]*elements = \{ 10\.90\.0\.1 \}/);
    expect(firewallOf()).not.toContain("@own");
  });
  test("of TCP begin with segments that fit, unless all sizes do", () => {
    expect(nftChain(firewallOf(), "clamp")).toContain(`oifname "${tunnelPorts("stretched")}*" meta protocol ip tcp flags & (syn | rst) == syn tcp option maxseg size set 1328`);
    expect(firewallOf({ fragment: true })).not.toContain("maxseg");
  });
  test("that are dropped are counted by why", () => {
    for (const counter of layerTwoCounters) expect(firewallOf({ localGateways: ["10.90.0.1"] })).toMatch(new RegExp(`counter ${counter} \\{[\\s\\S]*counter name ${counter} drop`));
  });
});

describe("names", () => {
  test("of interfaces fit the kernel and are others for each extension", () => {
    const all = ["short", "a-long-name-of-one", "a-long-name-of-two", "a".repeat(40)];
    const made = all.flatMap((name) => [bridgeInterface(name), `${tunnelPorts(name)}4094`, `${insidePorts(name)}4094`]);
    for (const name of made) expect(name.length).toBeLessThanOrEqual(15);
    expect(new Set(made).size).toBe(made.length);
    expect(bridgeInterface("short")).toBe("l2-short");
  });
  test("an identifier is within VXLAN's 24 bits with room for all VLANs, and the same whenever it is asked for", () => {
    for (let index = 0; index < 1000; index++) {
      const vni = vniOf(`s${index}`);
      expect(vni).toBeGreaterThan(0);
      expect(vni + 4093).toBeLessThanOrEqual(mostVni);
    }
    expect(vniOf("stretched")).toBe(vniOf("stretched"));
  });
  test("no two extensions share a file, a part or a table", () => {
    const all = ["a", "a-b", "ab"].flatMap((name) => Object.values(layerTwoNames(name)));
    expect(new Set(all).size).toBe(all.length);
  });
});
