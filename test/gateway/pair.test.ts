import { l2tpAddresses, network, overlaps } from "../../gateway/addressing";
import { renderKeepalived, line } from "../../gateway/formats/keepalived";
import { l2tpShare, otherMachine, ownShare } from "../../gateway/pair";
import { renderBundle } from "../../gateway/renderBundle";
import type { GatewaySpec, PairSpec } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const floating = goldenSpecs["pair-floating"];
const balanced = goldenSpecs["pair-load-balancer"];

function file(spec: GatewaySpec, path: string): string {
  const found = renderBundle(spec, exampleSecrets(spec)).parts.flatMap(({ files }) => files).find((one) => one.path === path);
  if (found === undefined) throw new Error(`no file ${path}`);
  return found.content;
}

function errors(changes: Partial<PairSpec>, more: Partial<GatewaySpec> = {}): string[] {
  return validateSpec({ ...floating, ...more, pair: { ...floating.pair!, ...changes } })
    .filter(({ severity }) => severity === "error")
    .map(({ path }) => path);
}

describe("two machines share an address pool", () => {
  test.each(["10.77.2.0/24", "10.77.0.0/16", "10.77.2.0/29"])("%s: halves that share no address and fill it", (pool) => {
    const whole = network(pool);
    const one = ownShare(whole, floating.pair);
    const two = ownShare(whole, otherMachine(floating).pair);
    expect(overlaps(one, two)).toBe(false);
    expect(one.first).toBe(whole.first);
    expect(two.last).toBe(whole.last);
    expect(one.last + 1n).toBe(two.first);
  });

  test("of L2TP both have the gateway's own end, and no client address twice", () => {
    const whole = l2tpAddresses(network("10.77.1.0/24"));
    const one = l2tpShare("10.77.1.0/24", floating.pair);
    const two = l2tpShare("10.77.1.0/24", otherMachine(floating).pair);
    expect([one.gateway, two.gateway]).toEqual([whole.gateway, whole.gateway]);
    expect([one.first, one.last, two.first, two.last]).toEqual(["10.77.1.2", "10.77.1.128", "10.77.1.129", "10.77.1.254"]);
    expect(one.clients + two.clients).toBe(whole.clients);
  });

  test("a gateway by itself has all of it", () => {
    expect(ownShare(network("10.77.2.0/24"), undefined).text).toBe("10.77.2.0/24");
  });
});

describe("what a pair's files say", () => {
  test("the other machine's file differs in who is who alone", () => {
    const mine = file(floating, "/etc/keepalived/keepalived.conf").split("\n");
    const theirs = file(otherMachine(floating), "/etc/keepalived/keepalived.conf").split("\n");
    const different = mine.filter((text, index) => text !== theirs[index]).map((text) => text.trim().split(" ")[0]);
    expect(different).toEqual(["router_id", "priority", "unicast_src_ip", "192.0.2.13"]);
  });

  test("VRRP is let in from the other machine alone", () => {
    const rules = file(floating, "/etc/vpn-gateway/firewall.nft").split("\n").filter((text) => text.includes("112"));
    expect(rules.map((text) => text.trim())).toEqual(["ip saddr 192.0.2.13/32 meta l4proto 112 accept"]);
  });

  test("behind a load balancer ESP is in UDP always, and only its health checks get in", () => {
    expect(file(balanced, "/etc/swanctl/conf.d/vpn-gateway.conf").match(/encap = yes/g)).toHaveLength(2);
    expect(file(floating, "/etc/swanctl/conf.d/vpn-gateway.conf")).not.toMatch(/encap/);
    expect(file(balanced, "/etc/vpn-gateway/firewall.nft")).toMatch("ip saddr @health_checkers4 tcp dport 8500 accept");
    expect(file(floating, "/etc/vpn-gateway/firewall.nft")).not.toMatch("8500");
  });

  test("a gateway by itself has nothing of it", () => {
    const paths = renderBundle(exampleSpec(), exampleSecrets(exampleSpec())).parts.flatMap(({ files }) => files.map(({ path }) => path));
    expect(paths.filter((path) => /keepalived|watch|pair/.test(path))).toEqual([]);
  });
});

describe("bad pairs are refused", () => {
  test("the example is good", () => expect(errors({})).toEqual([]));
  test.each<[string, Partial<PairSpec>, string]>([
    ["a third machine", { member: 3 as never }, "pair.member"],
    ["an unknown front", { front: "anycast" as never }, "pair.front"],
    ["an address with a prefix", { address: "192.0.2.12/24" }, "pair.address"],
    ["a peer that is itself", { peer: "192.0.2.12" }, "pair.peer"],
    ["an interface with a line break", { interface: "wan0\nstate MASTER" }, "pair.interface"],
    ["router id 256", { virtualRouterId: 256 }, "pair.virtualRouterId"],
    ["a floating address without prefix", { floating: [{ address: "192.0.2.11", interface: "wan0" }] }, "pair.floating[0].address"],
    ["a floating address that is a machine's own", { floating: [{ address: "192.0.2.13/24", interface: "wan0" }] }, "pair.floating[0].address"],
    ["a floating address of a client", { floating: [{ address: "10.77.2.9/24", interface: "wan0" }] }, "pair.floating[0].address"],
    ["SSH's port for health", { healthPort: 22 }, "pair.healthPort"],
    ["a load balancer that may not ask", { front: "loadBalancer" }, "pair.healthCheckers"],
  ])("%s", (_, changes, path) => expect(errors(changes)).toContain(path));

  test("a pool whose half is too small for all users, since one machine may be dead", () => {
    const users = Array.from({ length: 130 }, (_, index) => ({ name: `user${index}` }));
    expect(errors({}, { users })).toEqual(["l2tp.pool", "ikev2.pool"]);
    expect(validateSpec({ ...floating, pair: undefined, users }).filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

test.each(['a"b', "a!b", "$A", "@id", "{", "", "a\nb"])("keepalived's format carries no %j", (text) => {
  expect(() => renderKeepalived([line(["router_id", text])], "x")).toThrow(/keepalived.conf/);
});
