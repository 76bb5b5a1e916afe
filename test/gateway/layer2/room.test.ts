import { renderReadableParts } from "../../../gateway/renderBundle";
import { sitePart } from "../../../gateway/site/parts";
import { viewFrom, type SiteConnectionSpec } from "../../../gateway/site/spec";
import { validateSite } from "../../../gateway/site/validate";
import type { GatewaySpec } from "../../../gateway/spec";
import { validateSpec } from "../../../gateway/validate";
import { nftChain } from "../nftChain";
import { exampleEnd, exampleSite } from "../site/specs";
import { exampleSpec } from "../specs";
import { exampleTunnel } from "./specs";

const closed = exampleSpec({ sites: true });
const open: GatewaySpec = { ...closed, layerTwo: true };
const fileOf = (spec: GatewaySpec, name: string) => renderReadableParts(spec)[0].files.find(({ path }) => path.endsWith(name))!.content;
const siteFile = (spec: SiteConnectionSpec, name: string, side: "left" | "right" = "left") => sitePart(viewFrom(spec, side)).files.find(({ path }) => path.endsWith(name))!.content;
const said = (changes: Partial<SiteConnectionSpec>) => validateSite(exampleTunnel(changes)).map(({ path, message }) => `${path}: ${message}`);

describe("a gateway's room", () => {
  test("who makes none has not one other file", () => {
    expect(renderReadableParts({ ...closed, layerTwo: false })).toEqual(renderReadableParts(closed));
  });
  test("Ethernet is let in on site connections' interfaces, between their own addresses, and nowhere else", () => {
    const more = nftChain(fileOf(open, "firewall.nft"), "input").filter((rule) => !nftChain(fileOf(closed, "firewall.nft"), "input").includes(rule));
    expect(more).toEqual([
      'iifname "st-*" ip saddr 169.254.0.0/16 ip daddr 169.254.0.0/16 udp dport 4789 accept',
      'iifname "st-*" ip saddr 169.254.0.0/16 ip daddr 169.254.0.0/16 meta l4proto gre accept',
    ]);
  });
  test("what is bridged is no business of the rules for what is routed", () => {
    const text = fileOf(open, "60-vpn-gateway.conf");
    for (const key of ["iptables", "ip6tables", "arptables"]) expect(text).toContain(`\n-net.bridge.bridge-nf-call-${key} = 0\n`);
  });
  test("without site connections there is nothing to go over", () => {
    expect(validateSpec({ ...open, sites: false }).map(({ path }) => path)).toContain("sites.layerTwo");
  });
});

describe("a connection's room", () => {
  test("its addresses are within the tunnel beside the networks, mirrored at the other end", () => {
    const [left, right] = (["left", "right"] as const).map((side) => siteFile(exampleTunnel(), "conf.d/site-office-to-cloud.conf", side));
    expect(left).toContain("local_ts = 10.20.0.0/24, fd20::/64, 169.254.64.6/32");
    expect(left).toContain("remote_ts = 10.30.0.0/24, fd30::/64, 169.254.64.7/32");
    expect(right).toContain("local_ts = 10.30.0.0/24, fd30::/64, 169.254.64.7/32");
    expect(JSON.parse(siteFile(exampleTunnel(), "sites/office-to-cloud.json"))).toMatchObject({ addresses: ["169.254.64.6/31"] });
  });
  test("without it not one file is another", () => {
    expect(sitePart(viewFrom(exampleSite({ layerTwo: undefined }), "left"))).toEqual(sitePart(viewFrom(exampleSite(), "left")));
  });
  test("with it there may be no networks at all", () => {
    expect(said({ left: exampleEnd({ networks: [] }), right: exampleEnd({ endpoint: "198.51.100.20", identity: "right.x", networks: [], pools: [] }) })).toEqual([]);
  });
  test("it is between two gateways, with an interface, on a link of its own", () => {
    expect(said({ mode: "policy" })).toEqual(["layerTwo: needs an interface of its own, and the mode is policy"]);
    expect(said({ right: exampleEnd({ name: "branch", kind: "device", endpoint: "198.51.100.70", identity: "x", networks: ["10.40.0.0/24", "fd40::/64"], pools: [] }) })).toEqual(["layerTwo: is between two gateways, and branch is a device"]);
    expect(said({ layerTwo: { link: "10.0.0.0/31" } })).toEqual(["layerTwo: is not a /31 of 169.254.0.0/16"]);
  });
});
