import * as fc from "fast-check";
import { network, overlaps } from "../../../gateway/addressing";
import { allotLinks, asOf, kindOfAs, linkAddresses, linkRange, routerIdOf } from "../../../gateway/site/bgp";
import { renderSiteBgp } from "../../../gateway/site/render/bgp";
import { renderSiteConnection } from "../../../gateway/site/render/swanctl";
import { renderSiteFirewall } from "../../../gateway/site/render/firewall";
import { renderSitesFrame } from "../../../gateway/site/render/frame";
import { viewFrom, type SiteBgpSpec, type SiteConnectionSpec } from "../../../gateway/site/spec";
import { validateSite } from "../../../gateway/site/validate";
import { nftChain } from "../nftChain";
import { exampleBgpSite, exampleEnd, exampleSite, exampleSpace } from "./specs";
import { Frr } from "./readFrr";

const name = "office-to-cloud";
const [left, right] = [4_200_000_001, 4_200_000_002];
const third = 4_200_000_003;

describe("what a peer may announce", () => {
  const alone = new Frr(renderSiteBgp(viewFrom(exampleBgpSite(), "left")));
  const inMesh = new Frr(renderSiteBgp(viewFrom(exampleBgpSite({ transit: exampleSpace }), "left")));

  test.each(["10.30.0.0/24", "10.30.0.128/25", "fd30::/64", "fd30::/80"])("its own %s is taken, and before anybody else's word of it", (route) => {
    for (const frr of [alone, inMesh]) expect(frr.takes(name, route, [right])).toBe(1200);
  });
  test.each(["0.0.0.0/0", "::/0", "0.0.0.0/1", "10.20.0.0/24", "10.20.0.64/26", "10.20.0.7/32", "fd20::/64", "fd20::/96", "10.77.2.0/24", "8.8.8.0/24", "2001:db8::/32", "10.0.0.0/7"])(
    "a default route, our own networks, our clients and the internet are refused: %s",
    (route) => {
      for (const frr of [alone, inMesh]) for (const path of [[right], [right, third]]) expect(frr.takes(name, route, path)).toBeUndefined();
    },
  );
  test("another site's network is taken in a mesh alone, only by way of that site, and after its own word", () => {
    expect(alone.takes(name, "10.50.0.0/24", [right, third])).toBeUndefined();
    expect(inMesh.takes(name, "10.50.0.0/24", [right, third])).toBe(100);
    expect(inMesh.takes(name, "10.50.0.0/24", [right])).toBeUndefined();
    expect(inMesh.takes(name, "10.50.0.0/24", [third, right])).toBeUndefined();
  });
  test("either end asks for the other's AS, whatever became of the view on its way (Pulumi copies what it carries)", () => {
    for (const [side, peer] of [["left", right], ["right", left]] as const) {
      const { spec, near, far, ...rest } = viewFrom(exampleBgpSite({ transit: exampleSpace }), side);
      const frr = new Frr(renderSiteBgp({ ...rest, spec: structuredClone(spec), near: structuredClone(near), far: structuredClone(far) }));
      expect([frr.takes(name, "10.50.0.0/24", [peer, third]), frr.takes(name, "10.50.0.0/24", [third, peer])]).toEqual([100, undefined]);
    }
  });
  test("another AS of the neighbour has a line of another number: frr-reload.py puts it in before it takes the old one out", () => {
    const number = (as: number) => {
      const spec = exampleBgpSite({ transit: exampleSpace });
      const text = renderSiteBgp(viewFrom({ ...spec, bgp: { ...spec.bgp!, right: { ...spec.bgp!.right, as } } }, "left"));
      return /^bgp as-path access-list \S+ seq (\d+) permit \^(\d+)_/m.exec(text)!.slice(1).map(Number);
    };
    expect([number(right), number(third)]).toEqual([[right, right], [third, third]]);
  });
  test("it is told our own networks, and of others' only in a mesh, and never its own", () => {
    for (const frr of [alone, inMesh]) {
      expect(["10.20.0.0/24", "fd20::/64"].map((route) => frr.tells(name, route))).toEqual([true, true]);
      expect(["0.0.0.0/0", "10.30.0.0/24", "10.20.0.0/25", "::/0"].map((route) => frr.tells(name, route))).toEqual([false, false, false, false]);
    }
    expect([alone.tells(name, "10.50.0.0/24"), inMesh.tells(name, "10.50.0.0/24")]).toEqual([false, true]);
  });
  test("where a family has no network its lists refuse all, for a list that is not there permits all", () => {
    const spec = exampleBgpSite({}, { left: exampleEnd({ networks: ["10.20.0.0/24"] }), right: { ...exampleSite().right, networks: ["10.30.0.0/24"] } });
    const frr = new Frr(renderSiteBgp(viewFrom(spec, "left")));
    expect(frr.takes(name, "fd30::/64", [right])).toBeUndefined();
    expect(frr.tells(name, "fd20::/64")).toBe(false);
  });
});

describe("the session", () => {
  const text = renderSiteBgp(viewFrom(exampleBgpSite(), "left"));
  test("has a limit of prefixes, restarts gracefully, and its BFD is dead after 900 ms", () => {
    expect(text).toContain("neighbor 169.254.64.7 maximum-prefix 100 restart 5\n");
    expect(text).toContain(" bgp graceful-restart\n");
    expect(text).toMatch(/detect-multiplier 3\n {2}receive-interval 300\n {2}transmit-interval 300\n/);
    expect(text).toContain("neighbor 169.254.64.7 bfd profile site-office-to-cloud");
  });
  test("without BFD it is dead after BGP's own 9 s", () => {
    const plain = renderSiteBgp(viewFrom(exampleBgpSite({ bfdInterval: 0 }), "left"));
    expect(plain).not.toMatch(/bfd/);
    expect(plain).toContain("neighbor 169.254.64.7 timers 3 9");
    // Seen with FRR 10.3: without this line the routes of a silent neighbour were still there after a minute, with it for 9 s.
    expect(plain).toContain(" no bgp graceful-restart notification\n");
  });
  test("the two ends have the two addresses of the link, IPv6 ones of the same number", () => {
    expect(linkAddresses(viewFrom(exampleBgpSite(), "right"))).toEqual({ near: { ipv4: "169.254.64.7", ipv6: "fd76:7067::a9fe:4007" }, far: { ipv4: "169.254.64.6", ipv6: "fd76:7067::a9fe:4006" } });
  });
  test("the tunnel lets through what is learned, of both families", () => {
    expect(renderSiteConnection(viewFrom(exampleBgpSite(), "left"))).toMatch(/remote_ts = 0\.0\.0\.0\/0, ?::\/0/);
  });
  test("on the link speaks the neighbour alone, and ours come out of no tunnel", () => {
    const firewall = renderSiteFirewall(viewFrom(exampleBgpSite(), "left"));
    const rules = "site_office_to_cloud";
    expect(nftChain(firewall, `${rules}_neighbours`)).toEqual(["ip saddr 169.254.64.7 ip daddr 169.254.64.6 accept", "meta l4proto { tcp, udp } th dport { 179, 3784, 3785, 4784 } counter drop"]);
    expect(firewall).toMatch(/^add element inet vpn_gateway_sites links \{ 169\.254\.64\.7 \. "st-\S+" \}$/m);
    expect(firewall).toMatch(new RegExp(`^add element inet vpn_gateway_sites within \\{ "st-\\S+" : goto ${rules}_within \\}$`, "m"));
    expect(nftChain(firewall, `${rules}_within`)[0]).toBe(`ip saddr @${rules}_here4 counter drop`);
    expect(nftChain(firewall, `${rules}_within`).slice(-2)).toEqual([`ip saddr != @${rules}_beyond4 counter drop`, `ip6 saddr != @${rules}_beyond6 counter drop`]);
  });
  test("in a mesh, what lies beyond never leaves but through a tunnel", () => {
    const firewall = renderSiteFirewall(viewFrom(exampleBgpSite({ transit: exampleSpace }), "left"));
    for (const set of ["near4", "here4", "beyond4"]) expect(firewall).toMatch(new RegExp(`^add element inet vpn_gateway_sites ${set} `, "m"));
    expect(nftChain(renderSitesFrame("office"), "forward")).toContain('ip daddr @beyond4 ip saddr @near4 ip daddr != @here4 oifname != "st-*" counter reject with icmpx no-route');
    expect(renderSiteFirewall(viewFrom(exampleBgpSite(), "left"))).not.toContain("sites beyond4");
  });
});

describe("numbers", () => {
  test("AS numbers: whose each is", () => {
    expect([64_512, 65_534, 4_200_000_000, 4_294_967_294].map(kindOfAs)).toEqual(["private", "private", "private", "private"]);
    expect([0, 23_456, 64_500, 65_535, 65_540, 4_294_967_295, 4_294_967_296, -1, 1.5].map(kindOfAs)).toEqual(Array(9).fill("none"));
    expect([3320, 64_495, 65_552, 4_199_999_999].map(kindOfAs)).toEqual(Array(4).fill("public"));
  });
  test("a gateway's AS number is private, by its name alone", () => {
    fc.assert(fc.property(fc.string(), (gateway) => kindOfAs(asOf(gateway)) === "private" && asOf(gateway) === asOf(gateway)));
    expect(asOf("office")).not.toBe(asOf("cloud"));
  });
  test("links of two thousand connections: no two overlap, all of the range, and one more at the end changes none", () => {
    const names = Array.from({ length: 2000 }, (_, index) => `connection-${index}`);
    const links = allotLinks(names);
    expect(new Set(links).size).toBe(2000);
    expect(links.every((link) => overlaps(network(link), network(linkRange)) && network(link).prefix === 31 && !network(link).hostBits)).toBe(true);
    fc.assert(fc.property(fc.integer({ min: 0, max: 1999 }), (count) => {
      expect(allotLinks(names.slice(0, count))).toEqual(links.slice(0, count));
    }), { numRuns: 20 });
  });
  test("a router id is the IPv4 endpoint, else a digest that is an address", () => {
    expect(routerIdOf("office", "192.0.2.11")).toBe("192.0.2.11");
    expect(routerIdOf("office", "vpn.example.com")).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(routerIdOf("office", "2001:db8::1")).not.toBe(routerIdOf("cloud", "2001:db8::2"));
  });
});

describe("refused", () => {
  const problems = (bgp: Partial<SiteBgpSpec>, changes: Partial<SiteConnectionSpec> = {}, severity = "error") =>
    validateSite(exampleBgpSite(bgp, changes)).filter((one) => one.severity === severity).map(({ path, message }) => `${path}: ${message}`);
  const end = (as: number, more = {}) => ({ room: true, as, routerId: "192.0.2.99", preference: 100, ...more });

  test("a connection that is right has no problem, in a mesh or not", () => {
    expect(validateSite(exampleBgpSite())).toEqual([]);
    expect(validateSite(exampleBgpSite({ transit: exampleSpace, bfdInterval: 0 }))).toEqual([]);
  });
  test.each<[string, Partial<SiteBgpSpec>, Partial<SiteConnectionSpec>, string]>([
    ["an AS number used twice", { right: end(left) }, {}, "bgp.rightAs: is the AS number of office, too"],
    ["an AS number that nobody can have", { right: end(23_456) }, {}, "bgp.rightAs: is no AS number that anybody can have (RFC 7607, 6793, 5398, 7300)"],
    ["a gateway without room", { right: end(right, { room: false }) }, {}, "right: makes no room for BGP"],
    ["a link that is no /31", { link: "169.254.64.0/30" }, {}, "bgp.link: is not a /31 of 169.254.0.0/16"],
    ["a link elsewhere", { link: "10.0.0.0/31" }, {}, "bgp.link: is not a /31 of 169.254.0.0/16"],
    ["the metadata service's addresses", { link: "169.254.169.254/31" }, {}, "bgp.link: holds addresses that clouds keep for themselves"],
    ["a default route as transit", { transit: ["0.0.0.0/0"] }, {}, "bgp.transit[0]: lets a default route through"],
    ["a network outside of the mesh's", { transit: ["10.0.0.0/8"] }, {}, "left.networks[1]: is outside of what the sites may have: 10.0.0.0/8"],
    ["no BFD every 50 ms", { bfdInterval: 50 }, {}, "bgp.bfdInterval: is not 0 or a whole number from 100 to 10000"],
    ["a preference of 1000", { left: { ...end(left), preference: 1000 } }, {}, "bgp.leftPreference: is not a whole number from 1 to 999"],
    ["policy-based", {}, { mode: "policy" }, "mode: has no interface that BGP could be spoken on"],
    ["the same router id", { left: end(left), right: end(right) }, {}, "right: has the router id 192.0.2.99, as office has"],
    ["an unknown routing", {}, { routing: "rip" as never }, "routing: is no way to know the other site's networks"],
    ["a link of two gateways that is a /30", { link: "169.254.64.4/30" }, {}, "bgp.link: is not a /31 of 169.254.0.0/16"],
    ["an address that is none of the link's", { leftAddress: "169.254.64.9" }, {}, "bgp.leftAddress: is no address of the link 169.254.64.6/31"],
    ["a hold time of two seconds", { timers: { keepalive: 1, hold: 2 } }, {}, "bgp.hold: is not a whole number from 3 to 65535"],
    ["a hold time that one lost packet uses up", { timers: { keepalive: 10, hold: 20 } }, {}, "bgp.hold: is less than three times the keepalive of 10 s: one packet lost would end the session"],
  ])("%s", (_what, bgp, changes, said) => {
    expect(problems(bgp, changes)).toContain(said);
  });
  test("a public AS number is a warning: it may be their own", () => {
    expect(problems({ right: { ...end(3320) } }, {}, "warning")).toEqual(["bgp.rightAs: is not of the ranges for private use (RFC 6996)"]);
  });
  test("all of them at once", () => {
    expect(problems({ right: end(left, { room: false }), link: "10.0.0.0/31", bfdInterval: 7, transit: ["::/0"] })).toHaveLength(5);
  });
});

test("a static connection renders exactly as one that says nothing of routing", () => {
  const of = (spec: SiteConnectionSpec) => [renderSiteConnection(viewFrom(spec, "left")), renderSiteFirewall(viewFrom(spec, "left"))];
  expect(of(exampleSite({ routing: "static" }))).toEqual(of(exampleSite()));
});
