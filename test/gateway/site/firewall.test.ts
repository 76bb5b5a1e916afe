import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { siteInterface, siteNames } from "../../../gateway/site/names";
import { renderSiteFirewall } from "../../../gateway/site/render/firewall";
import { renderSitesFrame } from "../../../gateway/site/render/frame";
import { viewFrom } from "../../../gateway/site/spec";
import { nftChain } from "../nftChain";
import { exampleBgpSite, exampleSite, exampleSpace } from "./specs";

const frame = renderSitesFrame("office");
const share = (...changes: Parameters<typeof exampleSite>) => renderSiteFirewall(viewFrom(exampleSite(...changes), "left"));
const added = (text: string, set: string) => new RegExp(`^add element inet vpn_gateway_sites ${set} \\{ (.*) \\}$`, "m").exec(text)?.[1];

describe("the frame", () => {
  test("has one chain at each hook, however many connections there are", () => {
    expect(frame.match(/hook \w+/g)).toEqual(["hook prerouting", "hook input", "hook output", "hook forward"]);
    for (const text of [share(), share({ mode: "policy" }), renderSiteFirewall(viewFrom(exampleBgpSite(), "left"))]) expect(text).not.toContain("hook");
  });
  test("asks the rules of the tunnel that a packet came out of, and of the one that it goes into", () => {
    const forward = nftChain(frame, "forward");
    expect(forward.filter((rule) => rule.includes("vmap"))).toEqual([
      "iifname vmap @inwards", "ip saddr vmap @policy_from4", "ip6 saddr vmap @policy_from6",
      "oifname vmap @outwards", "ip daddr vmap @policy_to4", "ip6 daddr vmap @policy_to6",
    ]);
    // A policy's packets leave by the interface to the world, which a mesh beside it has nothing to say of.
    expect(forward.findIndex((rule) => rule.endsWith("no-route"))).toBeGreaterThan(forward.indexOf("ip daddr vmap @policy_to4"));
    expect(nftChain(share({ mode: "policy" }), "site_office_to_cloud_to").at(-1)).toBe("accept");
    expect(nftChain(share({ mode: "policy" }), "site_office_to_cloud_from").filter((rule) => rule === "accept")).toEqual([]);
    // What may come out has no last word: only then is the other asked.
    expect(nftChain(share(), "site_office_to_cloud_inwards").filter((rule) => rule.endsWith("accept"))).toEqual([]);
    expect(nftChain(share(), "site_office_to_cloud_inwards").at(-1)).toBe("counter drop");
    expect(nftChain(share(), "site_office_to_cloud_outwards").at(-1)).toBe("counter drop");
  });
  test("far sites' addresses count only within a tunnel, both ways, of either kind", () => {
    for (const rule of ['ip saddr @far4 iifname != "st-*" iifname != "lo" counter drop', 'ip6 saddr @policy_far6 meta ipsec missing iifname != "lo" counter drop']) expect(nftChain(frame, "prerouting")).toContain(rule);
    for (const rule of ['ip6 daddr @far6 oifname != "lo" oifname != "st-*" counter drop', 'ip daddr @policy_far4 oifname != "lo" rt ipsec missing counter drop']) expect(nftChain(frame, "output")).toContain(rule);
    expect(nftChain(frame, "forward")).toContain('ip daddr @far4 oifname != "st-*" counter drop');
  });
});

describe("a share", () => {
  test("is found by its interface, where its tunnel has one", () => {
    const own = siteInterface("office-to-cloud");
    expect(added(share(), "inwards")).toBe(`"${own}" : jump site_office_to_cloud_inwards`);
    expect(added(share(), "outwards")).toBe(`"${own}" : jump site_office_to_cloud_outwards`);
    expect(added(share(), "far4")).toBe("10.30.0.0/24");
    expect(added(share(), "far6")).toBe("fd30::/64");
    expect(added(share(), "policy_far4")).toBeUndefined();
  });
  test("is found by the far site's addresses where it has none, and what is to go into it does so", () => {
    const text = share({ mode: "policy" });
    expect(added(text, "policy_far4")).toBe("10.30.0.0/24");
    expect(added(text, "policy_from4")).toBe("10.30.0.0/24 : jump site_office_to_cloud_from");
    expect(added(text, "policy_to6")).toBe("fd30::/64 : jump site_office_to_cloud_to");
    expect(added(text, "inwards")).toBeUndefined();
    expect(nftChain(text, "site_office_to_cloud_to")[0]).toBe("rt ipsec missing counter drop");
  });
  test("has no set without an element added to it, of a family that it has no network of", () => {
    const text = share({ left: { ...exampleSite().left, networks: ["10.20.0.0/24"] }, right: { ...exampleSite().right, networks: ["10.30.0.0/24"] } });
    expect(added(text, "far6")).toBeUndefined();
  });
  test("no two connections' names meet", () => {
    const all = ["a", "a-inwards", "a-near4", "inwards"].map((name) => siteNames(name).rules);
    const ends = ["near4", "far6", "inwards", "outwards", "within", "neighbours", "from", "to", "clamp", "here4", "beyond4"];
    const names = all.flatMap((rules) => ends.map((end) => `${rules}_${end}`));
    expect(new Set(names).size).toBe(names.length);
  });
});

test("the gateway's own tool makes one table of them, each set filled once", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sites-"));
  const shares = [share(), share({ name: "other", mode: "policy" }), renderSiteFirewall(viewFrom(exampleBgpSite({ transit: exampleSpace }, { name: "third" }), "left"))];
  fs.writeFileSync(path.join(folder, "texts.json"), JSON.stringify([frame, shares]));
  const made = execFileSync("python3", ["-c", "import json, sys; from vpn_gateway.site_firewall import compose; print(compose(*json.load(open(sys.argv[1]))), end='')", path.join(folder, "texts.json")], { env: { ...process.env, PYTHONPATH: "host", PYTHONDONTWRITEBYTECODE: "1" }, encoding: "utf8" });
  fs.rmSync(folder, { recursive: true });
  expect(made).not.toContain("add element");
  const block = made.slice(made.lastIndexOf("\ntable inet vpn_gateway_sites {"));
  expect(block.match(/^ {2}(set|map) \w+ \{/gm)).toEqual(frame.match(/^ {2}(set|map) \w+ \{/gm));
  for (const text of shares)
    for (const [, set, elements] of text.matchAll(/^add element inet vpn_gateway_sites (\w+) \{ (.*) \}$/gm)) {
      const filled = new RegExp(`  (?:set|map) ${set} \\{\\n(?:    .*\\n)*?    elements = \\{ (.*) \\}\\n  \\}`).exec(block)![1].split(", ");
      expect(filled).toEqual(expect.arrayContaining(elements.split(", ")));
    }
  expect(made.match(/^ {2}chain site_\w+ \{/gm)).toHaveLength(2 + 3 + 4);
});
