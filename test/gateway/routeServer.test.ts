import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { contains, network } from "../../gateway/addressing";
import { renderReadableParts } from "../../gateway/renderBundle";
import { asOf, routerIdOf } from "../../gateway/site/bgp";
import { sitePart } from "../../gateway/site/parts";
import { viewFrom } from "../../gateway/site/spec";
import type { GatewaySpec } from "../../gateway/spec";
import { goldenTree } from "./goldenTree";
import { nftChain } from "./nftChain";
import { exampleBgpSite } from "./site/specs";
import { exampleSpec } from "./specs";

const closed = exampleSpec({ sites: true, bgp: true, insideNetworks: ["10.76.0.0/16"] });
const spec: GatewaySpec = { ...closed, routeServer: { as: 64_512, gatewayAs: asOf(closed.name), endpoints: ["10.76.0.5", "10.76.0.6"] } };
const fileOf = (of: GatewaySpec, name: string) => renderReadableParts(of)[0].files.find(({ path: file }) => file.endsWith(name))!.content;
const text = fileOf(spec, "/etc/vpn-gateway/bgp.conf");

// UPDATE_GOLDEN=1 writes it anew; the review reads the difference.
test("golden: what the gateway's FRR is told", () => {
  const files = { "/etc/vpn-gateway/bgp.conf": text };
  expect(files).toEqual(goldenTree("route-server", files));
});

test("without one not a file is another", () => {
  expect(renderReadableParts({ ...closed, routeServer: undefined })).toEqual(renderReadableParts(closed));
});

/** Whether the list that goes out lets a network through, as FRR reads it: the first rule that fits decides. */
function told(route: string): boolean {
  const one = network(route);
  for (const [, verdict, of, most] of text.matchAll(/^ip prefix-list vpc-route-server-out seq \d+ (permit|deny) (\S+?)(?: le (\d+))?$/gm)) {
    const whole = network(of);
    if (contains(whole, { family: 4, value: one.first }) && (one.prefix === whole.prefix || (one.prefix > whole.prefix && one.prefix <= Number(most ?? whole.prefix)))) return verdict === "permit";
  }
  return false;
}

test("it is told networks that were learned, never a default route, and nothing that is at home here", () => {
  for (const route of ["10.20.0.0/24", "172.20.0.0/16", "192.168.7.1/32"]) expect([route, told(route)]).toEqual([route, true]);
  for (const route of ["0.0.0.0/0", "10.76.0.0/16", "10.76.3.0/24", "10.77.1.0/24", "10.77.2.128/25", "169.254.64.0/31"]) expect([route, told(route)]).toEqual([route, false]);
});

test("what is the gateway's own has no AS in its path, and is not told", () => {
  const rules = [...text.matchAll(/^bgp as-path access-list vpc-route-server seq \d+ (permit|deny) (\S+)$/gm)].map(([, verdict, pattern]) => [verdict, pattern] as const);
  // FRR matches like egrep, with _ for what is between two numbers.
  const passes = (asPath: string) => rules.find(([, pattern]) => new RegExp(pattern).test(asPath))?.[0] === "permit";
  expect([passes(""), passes("4200000002"), passes("4200000002 4200000003")]).toEqual([false, true, true]);
  expect(text).toMatch(/route-map vpc-route-server-out permit 10\n match ip address prefix-list vpc-route-server-out\n match as-path vpc-route-server\n/);
});

test("nothing is taken from it", () => {
  expect(text).toContain("ip prefix-list vpc-route-server-in seq 5 deny any");
  for (const endpoint of spec.routeServer!.endpoints) {
    for (const line of [`prefix-list vpc-route-server-in in`, `route-map vpc-route-server-out out`]) expect(text).toContain(`  neighbor ${endpoint} ${line}\n`);
    for (const line of ["remote-as 64512", "bfd", "bfd profile vpc-route-server", "graceful-restart-disable"]) expect(text).toContain(` neighbor ${endpoint} ${line}\n`);
  }
});

test("it says of the gateway itself what every site connection says", () => {
  const share = sitePart(viewFrom(exampleBgpSite({ left: { room: true, as: asOf(closed.name), routerId: routerIdOf(closed.name, closed.endpoint), preference: 100 } }), "left")).files.find(({ path: file }) => file.startsWith("/etc/vpn-gateway/bgp.d/"))!.content;
  const common = (of: string) => of.split("\n").filter((line) => /^(router bgp| (no )?bgp )/.test(line));
  expect(common(text)).toEqual(common(share));
});

test("BGP and BFD are let in from its endpoints, and from nobody else in the VPC", () => {
  const more = nftChain(fileOf(spec, "firewall.nft"), "input").filter((rule) => !nftChain(fileOf(closed, "firewall.nft"), "input").includes(rule));
  expect(more).toEqual(["ip saddr @route_server4 tcp dport 179 accept", "ip saddr @route_server4 ip ttl 255 udp dport 3784 accept"]);
  expect(fileOf(spec, "firewall.nft")).toMatch(/set route_server4 \{[^}]*elements = \{ 10\.76\.0\.5\/32, 10\.76\.0\.6\/32 \}/);
});

/** Where FRR is installed, its own reader judges, of the gateway's share and a connection's together. */
const vtysh = ["/usr/bin/vtysh", "/bin/vtysh"].find((file) => fs.existsSync(file));
(vtysh === undefined ? test.skip : test)("FRR reads it", () => {
  const share = sitePart(viewFrom(exampleBgpSite(), "left")).files.find(({ path: file }) => file.startsWith("/etc/vpn-gateway/bgp.d/"))!.content;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "frr-"));
  try {
    const judge = (whole: string) => {
      fs.writeFileSync(path.join(folder, "frr.conf"), whole);
      return execFileSync(vtysh!, ["-C", "-f", path.join(folder, "frr.conf")], { encoding: "utf8", stdio: "pipe" });
    };
    judge(text + share);
    expect(() => judge(text.replace("remote-as", "remote-ass"))).toThrow();
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
