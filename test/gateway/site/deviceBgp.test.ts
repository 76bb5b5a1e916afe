import { spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { network, overlaps } from "../../../gateway/addressing";
import { addressesOfLink, linkAddresses } from "../../../gateway/site/bgp";
import { deviceKinds, deviceText, type DeviceBgp, type DeviceKind } from "../../../gateway/site/devices";
import { deviceProblems } from "../../../gateway/site/devices/validate";
import { sitePart } from "../../../gateway/site/parts";
import { viewFrom, type SiteBgpSpec, type SiteConnectionSpec } from "../../../gateway/site/spec";
import { validateSite } from "../../../gateway/site/validate";
import { Frr } from "./readFrr";
import { exampleDeviceBgpSite, exampleSite, exampleSiteSecrets } from "./specs";

type Kind = keyof typeof deviceKinds;
const kinds = Object.keys(deviceKinds) as Kind[];
const bgpOf = (kind: Kind): DeviceBgp | undefined => {
  const { bgp } = deviceKinds[kind] as DeviceKind;
  return "none" in bgp ? undefined : bgp;
};
const speaking = kinds.filter((kind) => bgpOf(kind) !== undefined);
const golden = path.join(__dirname, "golden-devices");

const rendered = (kind: Kind, spec = exampleDeviceBgpSite(kind)) => deviceText(deviceKinds[kind].render(viewFrom(spec, "right"), exampleSiteSecrets, {}));
const ofGateway = (spec: SiteConnectionSpec) => Object.fromEntries(sitePart(viewFrom(spec, "left")).files.map((file) => [file.path, file.content]));
const problems = (kind: Kind, bgp: Partial<SiteBgpSpec> = {}, changes: Partial<SiteConnectionSpec> = {}) => {
  const spec = exampleDeviceBgpSite(kind, bgp, changes);
  return [...validateSite(spec), ...deviceProblems(kind, spec)].filter(({ severity }) => severity === "error").map(({ path: where, message }) => `${where}: ${message}`);
};

// UPDATE_GOLDEN=1 writes them anew; the review reads the difference.
describe.each(speaking)("%s with BGP", (kind) => {
  const file = path.join(golden, `${kind}-bgp.txt`);
  const its = bgpOf(kind)!;
  test("the text is what the connection renders to", () => {
    if (process.env.UPDATE_GOLDEN) fs.writeFileSync(file, rendered(kind));
    expect(rendered(kind)).toBe(fs.readFileSync(file, "utf8"));
  });
  test("what is allotted is what the kind takes, and nothing is wrong", () => {
    expect(problems(kind)).toEqual([]);
    expect(its.source).not.toBe("");
    for (const range of its.linksWithin ?? []) expect([range, overlaps(network(range), network("169.254.0.0/16"))]).toEqual([range, true]);
  });
  test("both ends name each other's address and number", () => {
    const spec = exampleDeviceBgpSite(kind);
    const { near, far } = linkAddresses({ spec, side: "left" });
    const text = rendered(kind);
    // AWS is told the link and divides it itself.
    for (const part of [...(kind.startsWith("aws") ? [spec.bgp!.link] : [near.ipv4, far.ipv4]), String(spec.bgp!.left.as)]) expect(text).toContain(part);
    const share = ofGateway(spec)["/etc/vpn-gateway/bgp.d/office-to-branch.conf"];
    expect(share).toContain(` neighbor ${far.ipv4} remote-as 65010\n`);
    expect(ofGateway(spec)["/etc/vpn-gateway/sites/office-to-branch.json"]).toContain(`"${near.ipv4}/${its.linkPrefixes[0]}"`);
  });
  test("BFD is spoken where both do", () => {
    const spec = exampleDeviceBgpSite(kind);
    expect(spec.bgp!.bfdInterval > 0).toBe(its.bfd);
    expect(ofGateway(spec)["/etc/vpn-gateway/bgp.d/office-to-branch.conf"].includes(" bfd ")).toBe(its.bfd);
    expect(/\bbfd\b/i.test(rendered(kind))).toBe(its.bfd);
  });
  test("the gateway has the kind's timers, or those that are asked for where the kind can have them", () => {
    const share = (spec: SiteConnectionSpec) => ofGateway(spec)["/etc/vpn-gateway/bgp.d/office-to-branch.conf"];
    const { keepalive, hold } = its.timers ?? { keepalive: 3, hold: 9 };
    expect(share(exampleDeviceBgpSite(kind))).toContain(` timers ${keepalive} ${hold}\n`);
    const timers = { keepalive: 20, hold: 70 };
    if (its.refusesTimers?.(timers) === undefined) {
      expect([share(exampleDeviceBgpSite(kind, { timers })), problems(kind, { timers })]).toEqual([expect.stringContaining(" timers 20 70\n"), []]);
    } else expect(problems(kind, { timers })).toEqual([expect.stringMatching(/^bgp\.hold: with a keepalive of 20 s is not what .* has/)]);
  });
  test("no key of its own is asked for, and the one that there is stays out of what is no secret", () => {
    const steps = deviceKinds[kind].render(viewFrom(exampleDeviceBgpSite(kind), "right"), exampleSiteSecrets, {});
    expect(steps.filter(({ text }) => text.includes(exampleSiteSecrets.preSharedKey!))).toHaveLength(1);
  });
});

describe("the gateway's share", () => {
  const spec = exampleDeviceBgpSite();
  const share = ofGateway(spec)["/etc/vpn-gateway/bgp.d/office-to-branch.conf"];
  const frr = new Frr(share);
  test("takes of the device its own networks alone, and tells it the office's", () => {
    expect(["10.40.0.0/24", "10.40.0.128/25"].map((route) => frr.takes(spec.name, route, [65_010]))).toEqual([1100, 1100]);
    for (const route of ["0.0.0.0/0", "10.20.0.0/24", "10.20.0.128/25", "10.77.2.0/24", "10.99.0.0/24", "10.0.0.0/8"]) expect([route, frr.takes(spec.name, route, [65_010])]).toEqual([route, undefined]);
    expect([frr.tells(spec.name, "10.20.0.0/24"), frr.tells(spec.name, "10.40.0.0/24"), frr.tells(spec.name, "0.0.0.0/0")]).toEqual([true, false, false]);
  });
  test("is of IPv4 alone, as the tunnel is", () => {
    expect(share).not.toMatch(/ipv6/);
    const connection = ofGateway(spec)["/etc/swanctl/conf.d/site-office-to-branch.conf"];
    expect(connection).toContain("local_ts = 0.0.0.0/0\n");
    expect(connection).toContain("remote_ts = 0.0.0.0/0\n");
    expect(ofGateway(spec)["/etc/vpn-gateway/sites/office-to-branch.nft"]).not.toMatch(/ip6 saddr fd76:7067::a9fe/);
  });
});

describe("Libreswan and FRR", () => {
  const text = rendered("libreswan");
  test("an interface whose routes are FRR's alone: the same subnet at both ends", () => {
    expect(text).toMatch(/ {4}leftsubnet=0\.0\.0\.0\/0\n[^#]* {4}rightsubnet=0\.0\.0\.0\/0\n[^#]* {4}ipsec-interface=7350\n/);
    expect(text).toMatch(/\ninterface ipsec7350\n ip address 169\.254\.\d+\.\d+\/31\nexit\n/);
  });
  test("without BGP's word nothing leaves in clear", () => {
    expect(text).toContain("\nip route 10.20.0.0/24 blackhole 254\n");
  });
  test("the device, too, takes and tells what is named alone", () => {
    const frr = new Frr(text);
    expect([frr.takes("office-to-branch", "10.20.0.0/24", [4_200_000_001]), frr.takes("office-to-branch", "0.0.0.0/0", [4_200_000_001])]).toEqual([1100, undefined]);
    expect([frr.tells("office-to-branch", "10.40.0.0/24"), frr.tells("office-to-branch", "0.0.0.0/0")]).toEqual([true, false]);
  });
  test("the pre-shared key is in its file and not in FRR's, which is no secret", () => {
    const steps = deviceKinds.libreswan.render(viewFrom(exampleDeviceBgpSite(), "right"), exampleSiteSecrets, {});
    expect(steps.filter(({ text: one }) => one.includes(exampleSiteSecrets.preSharedKey!)).map(({ title }) => title)).toEqual(["/etc/ipsec.d/office-to-branch.secrets (mode 0600)"]);
  });
});

describe("each value in its place, as the maker's documents have it", () => {
  test.each<[Kind, (string | RegExp)[]]>([
    ["cisco-ios", [/\n ip address 169\.254\.\d+\.\d+ 255\.255\.255\.252\n/, "\nrouter bgp 65010\n", / neighbor \S+ timers 3 9\n/, " address-family ipv4 unicast\n", /  neighbor \S+ prefix-list site-office-to-branch-in in\n/, "ip prefix-list site-office-to-branch-in seq 5 permit 10.20.0.0/24 le 32\n", "ip prefix-list site-office-to-branch-out seq 5 permit 10.40.0.0/24\n", "  network 10.40.0.0 mask 255.255.255.0\n", "ip route 10.20.0.0 255.255.255.0 Null0 254\n", "ip route 10.40.0.0 255.255.255.0 Null0 254\n"]],
    ["cisco-asa", ["\nrouter bgp 65010\n", /  neighbor \S+ remote-as \d+\n/, "\nprefix-list site-office-to-branch-in seq 5 permit 10.20.0.0/24 le 32\n", "route Null0 10.20.0.0 255.255.255.0 254\n"]],
    ["fortigate", [/set ip 169\.254\.\d+\.\d+ 255\.255\.255\.255\n +set remote-ip 169\.254\.\d+\.\d+ 255\.255\.255\.252\n/, "config router bgp\n    set as 65010\n    config neighbor\n", "set keep-alive-timer 3\n", "set holdtime-timer 9\n", /set prefix-list-in "st-offic-5906cd-in"\n/, "                set prefix 10.20.0.0 255.255.255.0\n                set le 32\n"]],
    ["aws", ['"StaticRoutesOnly": false', /"TunnelInsideCidr": "169\.254\.\d+\.\d+\/30"/, "as_option=--bgp-asn-extended\n", "own_as=65010\n", "AmazonSideAsn"]],
    ["aws-transit-gateway", ['"StaticRoutesOnly": false', /"TunnelInsideCidr": "169\.254\.\d+\.\d+\/30"/, "as_option=--bgp-asn-extended\n", "theirs=$(about AmazonSideAsn)", "enable-transit-gateway-route-table-propagation"]],
    ["gcp", ["own_as=65010\n", "keepalive=20\n", "--mask-length 30", "--advertisement-mode custom", "own_networks=10.40.0.0/24\n"]],
    ["azure", ["$OwnAs = '65010'", /\$OwnAddress = '169\.254\.21\.\d+'/, /\$GatewayAddress = '169\.254\.21\.\d+'/, "-EnableBgp $true -GatewayCustomBgpIpAddress $own"]],
  ])("%s", (kind, parts) => {
    for (const part of parts) {
      if (typeof part === "string") expect(rendered(kind)).toContain(part);
      else expect(rendered(kind)).toMatch(part);
    }
  });
  test.each<[Kind, RegExp]>([
    ["cisco-ios", /ip route 10\.20\.0\.0 255\.255\.255\.0 Tunnel|ip unnumbered/],
    ["cisco-asa", /route site-office-to-branch /],
    ["fortigate", /set device/],
    ["aws", /create-vpn-connection-route|65000/],
    ["aws-transit-gateway", /create-transit-gateway-route |65000/],
    ["gcp", /routes create|target-vpn-gateways/],
    ["azure", /-AddressPrefix/],
  ])("%s has no static route into the tunnel any more", (kind, what) => {
    expect(rendered(kind)).not.toMatch(what);
    expect(rendered(kind, exampleDeviceBgpSite(kind, {}, { routing: "static", bgp: undefined }))).toMatch(what);
  });
  test("AWS has the lower address, whatever the link is", () => {
    const spec = exampleDeviceBgpSite("aws");
    const [lower, upper] = addressesOfLink(spec.bgp!.link)!;
    expect([linkAddresses({ spec, side: "left" }).near.ipv4, linkAddresses({ spec, side: "left" }).far.ipv4]).toEqual([upper, lower]);
  });
  test.each(["aws", "aws-transit-gateway", "gcp"] as const)("%s: the script is one that a shell can read, and asks for no variable that it does not set", (kind) => {
    const [, { text }] = deviceKinds[kind].render(viewFrom(exampleDeviceBgpSite(kind), "right"), exampleSiteSecrets, {});
    expect(spawnSync("sh", ["-n"], { input: text }).status).toBe(0);
    const asked = [...text.matchAll(/\$\{?([a-z_]+)/g)].map(([, name]) => name);
    for (const name of asked) expect([name, new RegExp(`^ *(for )?${name}( in |=)`, "m").test(text)]).toEqual([name, true]);
  });
});

describe("a link", () => {
  test("has two addresses, of a /30 the middle ones", () => {
    expect(addressesOfLink("169.254.21.4/30")).toEqual(["169.254.21.5", "169.254.21.6"]);
    expect(addressesOfLink("169.254.64.6/31")).toEqual(["169.254.64.6", "169.254.64.7"]);
    expect([addressesOfLink("169.254.21.0/29"), addressesOfLink("fd20::/127"), addressesOfLink("169.254.21.0")]).toEqual([undefined, undefined, undefined]);
  });
  test("either end has whichever is asked for", () => {
    const spec = exampleDeviceBgpSite("libreswan", { link: "169.254.21.4/30", leftAddress: "169.254.21.6" });
    expect(problems("libreswan", { link: "169.254.21.4/30", leftAddress: "169.254.21.6" })).toEqual([]);
    expect(linkAddresses({ spec, side: "left" })).toMatchObject({ near: { ipv4: "169.254.21.6" }, far: { ipv4: "169.254.21.5" } });
    expect(rendered("libreswan", spec)).toContain(" ip address 169.254.21.5/30\n");
    expect(ofGateway(spec)["/etc/vpn-gateway/sites/office-to-branch.json"]).toContain('"169.254.21.6/30"');
  });
});

describe("refused", () => {
  const { left, right } = exampleDeviceBgpSite();
  const end = { room: true, routerId: "169.254.64.7", preference: 100 };
  const own = exampleDeviceBgpSite().bgp!.left.as;
  test.each<[string, Kind, Partial<SiteBgpSpec>, Partial<SiteConnectionSpec>, string]>([
    ["no AS number", "libreswan", { right: { ...end, as: 0 } }, {}, "device.as: is not given, and BGP asks each end for its AS number"],
    ["the gateway's AS number", "libreswan", { right: { ...end, as: own } }, {}, "device.as: is the AS number of office, too"],
    ["an AS number that nobody can have", "libreswan", { right: { ...end, as: 23_456 } }, {}, "device.as: is no AS number that anybody can have (RFC 7607, 6793, 5398, 7300)"],
    ["a link of no two addresses", "libreswan", { link: "169.254.64.0/29" }, {}, "bgp.link: is not a /31 or /30 of 169.254.0.0/16"],
    ["a link elsewhere", "libreswan", { link: "10.0.0.0/30" }, {}, "bgp.link: is not a /31 or /30 of 169.254.0.0/16"],
    ["a link with host bits", "libreswan", { link: "169.254.64.1/30" }, {}, "bgp.link: is not a /31 or /30 of 169.254.0.0/16"],
    ["a link that is behind an end", "libreswan", { link: "169.254.64.0/31" }, { right: { ...right, networks: ["169.254.64.0/24"] } }, "bgp.link: overlaps right.networks[0] (169.254.64.0/24)"],
    ["the metadata service's addresses", "libreswan", { link: "169.254.169.252/30" }, {}, "bgp.link: holds addresses that clouds keep for themselves"],
    ["IPv6", "libreswan", {}, { left: { ...left, networks: ["10.20.0.0/24", "fd20::/64"] } }, "left.networks[1]: is IPv6, and BGP with Libreswan is of IPv4 alone"],
    ["networks beyond a device", "libreswan", { transit: ["10.0.0.0/8"] }, {}, "bgp.transit: is between gateways, and Libreswan is a device"],
    ["networks that a device shares", "libreswan", { shared: ["10.60.0.0/24"] }, {}, "bgp.shared: is between gateways, and Libreswan is a device"],
    ["a gateway without room", "libreswan", { left: { ...end, as: own, room: false } }, {}, "left: makes no room for BGP"],
    ["policies", "libreswan", {}, { mode: "policy" }, "mode: has no interface that BGP could be spoken on"],
    ["a /31 where the device has none", "cisco-ios", { link: "169.254.64.0/31" }, {}, "bgp.link: is not what Cisco IOS XE has: /30"],
    ["a link that AWS keeps", "aws", { link: "169.254.5.0/30", leftAddress: "169.254.5.2" }, {}, "bgp.link: is what AWS Site-to-Site VPN keeps for itself: 169.254.5.0/30"],
    ["the address that AWS has itself", "aws", { link: "169.254.33.0/30", leftAddress: "169.254.33.1" }, {}, "bgp.leftAddress: is the lower address of 169.254.33.0/30, which AWS Site-to-Site VPN has itself"],
    ["a link outside of Azure's", "azure", { link: "169.254.64.0/30" }, {}, "bgp.link: is outside of what Azure VPN Gateway takes: 169.254.21.0/24, 169.254.22.0/24"],
    ["an AS number that Azure keeps", "azure", { left: { ...end, as: 65_515 } }, {}, "bgp.leftAs: is one that Azure keeps for itself (VPN Gateway FAQ)"],
    ["an AS number that AWS keeps", "aws", { left: { ...end, as: 7224 } }, {}, "bgp.leftAs: is one that AWS keeps for itself (Site-to-Site VPN User Guide, customer gateway options)"],
    ["a public AS number of a Cloud Router", "gcp", { right: { ...end, as: 3320 } }, {}, "device.as: is nothing that a Cloud Router can have: a private one (RFC 6996) or 16550"],
    ["BFD with one that sets up none", "aws", { bfdInterval: 300 }, {}, "bgp.bfdInterval: asks for BFD, which the text for AWS Site-to-Site VPN does not set up"],
    ["Azure's timers", "azure", { timers: { keepalive: 10, hold: 30 } }, {}, "bgp.hold: with a keepalive of 10 s is not what Azure VPN Gateway has: Azure has 60 and 180 s, and negotiates no others"],
    ["a kind that has no interface", "mikrotik", {}, {}, "routing: is nothing that the text for MikroTik RouterOS holds: RouterOS has no interface for IPsec that BGP could be spoken on"],
  ])("%s", (_what, kind, bgp, changes, said) => {
    expect(problems(kind, bgp, changes)).toContain(said);
  });
  test.each(kinds.filter((kind) => !speaking.includes(kind)))("%s, whose text holds no BGP, with its reason", (kind) => {
    expect(problems(kind)).toEqual([expect.stringMatching(/^routing: is nothing that the text for .+ holds: .+/)]);
  });
  test("all of them at once", () => {
    expect(problems("libreswan", { right: { ...end, as: 0 }, link: "10.0.0.0/30", transit: ["10.0.0.0/8"], bfdInterval: 7 })).toHaveLength(4);
  });
});

test("without BGP a device's text is what it was", () => {
  const plain = exampleDeviceBgpSite("libreswan", {}, { routing: "static", bgp: undefined });
  expect(rendered("libreswan", plain)).toBe(fs.readFileSync(path.join(golden, "libreswan.txt"), "utf8"));
  expect(exampleSite().routing).toBeUndefined();
});
