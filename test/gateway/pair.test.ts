import { l2tpAddresses, network, overlaps } from "../../gateway/addressing";
import { renderKeepalived, line } from "../../gateway/formats/keepalived";
import { l2tpShare, otherMachine, ownShare, siteAddress } from "../../gateway/pair";
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

describe("site connections of a pair", () => {
  const sites = goldenSpecs["pair-sites"];
  const said = (spec: GatewaySpec) => validateSpec(spec).map(({ path, message }) => `${path}: ${message}`);

  test("are to be had where an address moves, which both machines speak from; on AWS each from its own", () => {
    expect([said(sites), said(otherMachine(sites))]).toEqual([[], []]);
    expect([sites, otherMachine(sites)].map(({ pair }) => siteAddress(pair!))).toEqual(["192.0.2.11", "192.0.2.11"]);
    const aws = goldenSpecs["pair-aws"];
    expect([otherMachine(aws), aws].map(({ pair }) => siteAddress(pair!))).toEqual(["10.76.0.5", "10.76.0.21"]);
  });
  test.each<[string, Partial<PairSpec>, RegExp]>([
    ["a load balancer", { front: "loadBalancer", floating: [], healthCheckers: ["10.0.0.0/8"] }, /^sites: is not to be had behind a load balancer: .* a machine dials from its own$/],
    ["a load balancer that shares clients out", { front: "loadSharing", floating: [], healthCheckers: ["10.0.0.0/8"], drainSeconds: 15 }, /^sites: is not to be had behind a load balancer: .* each machine dials from its own$/],
    ["a name", { front: "dns", floating: [], healthCheckers: ["10.0.0.0/8"], drainSeconds: 15, ownEndpoint: "192.0.2.13", peerEndpoint: "192.0.2.12" }, /^sites: is not to be had behind a DNS name/],
  ])("are refused behind %s, with the reason", (_what, changes, expected) => {
    const spec = { ...sites, endpoint: "vpn.example.com", pair: { ...sites.pair!, ...changes } };
    expect(said(spec)).toEqual([expect.stringMatching(expected) as string]);
    expect(said({ ...spec, ikev2: { pool: "10.77.2.0/24" }, users: [{ name: "alice" }], sites: false })).toEqual([]);
    expect(siteAddress(spec.pair)).toBeUndefined();
  });
  test("what stays with one machine is refused", () => {
    expect(said({ ...sites, lac: true, layerTwo: true }).map((text) => text.split(":")[0])).toEqual(["sites.lac", "sites.layerTwo"]);
  });
});

describe("behind a DNS name, where both machines serve", () => {
  const named: GatewaySpec = {
    ...floating,
    endpoint: "vpn.example.com",
    pair: { ...floating.pair!, front: "dns", floating: [], healthCheckers: ["203.0.113.10/32"], ownEndpoint: "192.0.2.12", peerEndpoint: "192.0.2.13", drainSeconds: 30 },
  };
  const base = (spec: GatewaySpec) => renderBundle(spec, exampleSecrets(spec)).parts.find(({ name }) => name === "base")!;

  test("it is good, and its other machine too", () => {
    expect(validateSpec(named)).toEqual([]);
    expect(validateSpec(otherMachine(named))).toEqual([]);
    expect(otherMachine(named).pair).toMatchObject({ ownEndpoint: "192.0.2.13", peerEndpoint: "192.0.2.12" });
  });

  test("there is no VRRP: neither package, file, service nor firewall rule; the watch is there", () => {
    const { files, packages, services } = base(named);
    expect(packages).not.toContain("keepalived");
    expect(services.filter((unit) => /keepalived|watch\b/.test(unit))).toEqual(["vpn-gateway-watch.service"]);
    expect(files.map(({ path }) => path).filter((path) => /keepalived|pair|fit/.test(path))).toEqual(["/etc/vpn-gateway/pair.json"]);
    expect(file(named, "/etc/vpn-gateway/firewall.nft")).not.toContain("l4proto 112");
    expect(file(named, "/etc/vpn-gateway/firewall.nft")).toMatch(/health_checkers4[^]*203\.0\.113\.10/);
    expect(base(floating).services).toContain("keepalived.service");
  });

  test("a unit that is stopped before all that it needs hands over at shutdown, bounded in time; behind a name as well", () => {
    const unit = "/etc/systemd/system/vpn-gateway-hand-over.service";
    for (const spec of [floating, named]) {
      expect(base(spec).services).toContain("vpn-gateway-hand-over.service");
      expect(file(spec, unit)).toMatch(/^ExecStop=-\/usr\/sbin\/vpn-gateway hand-over --at-shutdown$/m);
      expect(file(spec, unit)).toMatch(/^TimeoutStopSec=25$/m);
    }
    const after = (spec: GatewaySpec) => /^After=(.*)$/m.exec(file(spec, unit))![1].split(" ");
    expect(after(floating)).toEqual(expect.arrayContaining(["network.target", "strongswan.service", "keepalived.service", "vpn-gateway-watch.service"]));
    expect(after(named)).not.toContain("keepalived.service");
    // It waits for xl2tpd to stop, which would wait for it.
    expect(after(floating)).not.toContain("xl2tpd.service");
    expect(base(exampleSpec()).files.map(({ path }) => path)).not.toContain(unit);
  });

  test("each is told where its clients are sent when it gives way", () => {
    expect(JSON.parse(file(named, "/etc/vpn-gateway/pair.json"))).toMatchObject({ front: "dns", endpoint: "vpn.example.com", peerEndpoint: "192.0.2.13", drainSeconds: 30 });
    expect(JSON.parse(file(otherMachine(named), "/etc/vpn-gateway/pair.json"))).toMatchObject({ peerEndpoint: "192.0.2.12" });
  });

  test("a route can lead to each machine's half of every pool", () => {
    const halves = [named, otherMachine(named)].map(({ pair }) => l2tpShare("10.77.1.0/24", pair));
    expect(halves.map(({ first, last }) => [first, last])).toEqual([["10.77.1.2", "10.77.1.127"], ["10.77.1.128", "10.77.1.254"]]);
    expect(halves[0].clients + halves[1].clients).toBe(l2tpAddresses(network("10.77.1.0/24")).clients);
  });

  test.each([
    ["an address instead of a name", {}, { endpoint: "192.0.2.11" }, "endpoint"],
    ["nobody who may ask", { healthCheckers: [] }, {}, "pair.healthCheckers"],
    ["addresses that move", { floating: floating.pair!.floating }, {}, "pair.floating"],
    ["one machine at both addresses", { peerEndpoint: "192.0.2.12" }, {}, "pair.peerEndpoint"],
    ["no address for the other", { peerEndpoint: undefined }, {}, "pair.peerEndpoint"],
    ["longer than a push waits", { drainSeconds: 600 }, {}, "pair.drainSeconds"],
  ])("refused: %s", (_, changes: Partial<PairSpec>, more: Partial<GatewaySpec>, path) => {
    const found = validateSpec({ ...named, ...more, pair: { ...named.pair!, ...changes } }).filter(({ severity }) => severity === "error");
    expect(found.map((problem) => problem.path)).toEqual([path]);
  });
});

describe("behind a load balancer that shares clients out, where both machines serve", () => {
  const sharing: GatewaySpec = { ...floating, pair: { ...floating.pair!, front: "loadSharing", floating: [], healthCheckers: ["168.63.129.16/32"], drainSeconds: 15 } };

  test("it is good, and its other machine too; there is no VRRP, and ESP comes within UDP alone", () => {
    for (const spec of [sharing, otherMachine(sharing)]) {
      expect(validateSpec(spec)).toEqual([]);
      expect(renderBundle(spec, exampleSecrets(spec)).parts.find(({ name }) => name === "base")!.services).not.toContain("keepalived.service");
      expect(file(spec, "/etc/swanctl/conf.d/vpn-gateway.conf")).toMatch(/encap = yes/);
    }
    expect(file(floating, "/etc/swanctl/conf.d/vpn-gateway.conf")).not.toMatch(/encap = yes/);
  });

  test("a machine that gives way knows for how long it is still found", () => {
    const told = JSON.parse(file(sharing, "/etc/vpn-gateway/pair.json")) as object;
    expect(told).toMatchObject({ front: "loadSharing", drainSeconds: 15 });
    expect(told).not.toHaveProperty("peerEndpoint");
  });

  test.each([
    ["nobody who may ask", { healthCheckers: [] }, "pair.healthCheckers"],
    ["addresses that move", { floating: floating.pair!.floating }, "pair.floating"],
    ["no time to give way", { drainSeconds: undefined }, "pair.drainSeconds"],
    ["an address that both have", { sharedAddress: "198.51.100.20" }, "pair.sharedAddress"],
  ])("refused: %s", (_, changes: Partial<PairSpec>, path) => {
    const found = validateSpec({ ...sharing, pair: { ...sharing.pair!, ...changes } }).filter(({ severity }) => severity === "error");
    expect(found.map((problem) => problem.path)).toEqual([path]);
  });
});

describe("behind a load balancer that changes nothing in a packet", () => {
  const passthrough = goldenSpecs["pair-passthrough"];
  const keepalived = (spec: GatewaySpec) => file(spec, "/etc/keepalived/keepalived.conf");

  test("both machines have its address, whoever is active, and xl2tpd answers from it", () => {
    for (const spec of [passthrough, otherMachine(passthrough)]) {
      expect(keepalived(spec)).toMatch(/static_ipaddress \{\n +198\.51\.100\.20\/32 dev lo scope host\n/);
      expect(file(spec, "/etc/xl2tpd/xl2tpd.conf")).toMatch(/^listen-addr = 198\.51\.100\.20$/m);
      expect(file(spec, "/etc/sysctl.d/60-vpn-gateway.conf")).toMatch(/^net\.ipv4\.ip_nonlocal_bind = 1$/m);
    }
    expect(keepalived(balanced)).not.toContain("static_ipaddress");
  });

  test("ESP may come bare, which other balancers do not carry", () => {
    expect(file(passthrough, "/etc/swanctl/conf.d/vpn-gateway.conf")).not.toContain("encap");
    expect(file(balanced, "/etc/swanctl/conf.d/vpn-gateway.conf").match(/encap = yes/g)).toHaveLength(2);
  });

  test("its address is none of the machines' own, and means something behind a load balancer alone", () => {
    const of = (pair: Partial<PairSpec>) => validateSpec({ ...passthrough, pair: { ...passthrough.pair!, ...pair } }).filter(({ severity }) => severity === "error").map(({ path }) => path);
    expect(of({})).toEqual([]);
    expect(of({ sharedAddress: "2001:db8::1" })).toContain("pair.sharedAddress");
    expect(of({ sharedAddress: "10.76.0.3" })).toContain("pair.sharedAddress");
    expect(of({ front: "floatingAddress" })).toContain("pair.sharedAddress");
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
    const rules = file(floating, "/etc/vpn-gateway/firewall.nft").split("\n").filter((text) => text.includes("l4proto 112"));
    expect(rules.map((text) => text.trim())).toEqual(["ip saddr 192.0.2.13/32 meta l4proto 112 accept"]);
  });

  test("behind a load balancer ESP is in UDP always, and only its health checks get in", () => {
    expect(file(balanced, "/etc/swanctl/conf.d/vpn-gateway.conf").match(/encap = yes/g)).toHaveLength(2);
    expect(file(floating, "/etc/swanctl/conf.d/vpn-gateway.conf")).not.toMatch(/encap/);
    expect(file(balanced, "/etc/vpn-gateway/firewall.nft")).toMatch("ip saddr @health_checkers4 tcp dport 8500 accept");
    expect(file(floating, "/etc/vpn-gateway/firewall.nft")).not.toMatch("8500");
  });

  test("on AWS keepalived moves nothing and is bound to no interface: each machine is told its own interface and address", () => {
    const second = goldenSpecs["pair-aws"];
    expect(file(second, "/etc/keepalived/keepalived.conf")).not.toMatch(/^\s*(interface|virtual_ipaddress)\b/m);
    // Without it keepalived 2.3 refuses VRRPv3 that moves no address.
    expect(file(second, "/etc/keepalived/keepalived.conf")).toMatch(/^\s*no_virtual_ipaddress$/m);
    const told = (spec: GatewaySpec) => (JSON.parse(file(spec, "/etc/vpn-gateway/pair.json")) as { move: Record<string, unknown> }).move;
    const shared = { region: "eu-central-1", allocationId: "eipalloc-0a", publicIp: "198.51.100.20", routes: second.pair!.move!.routes };
    expect(told(second)).toEqual({ ...shared, networkInterfaceId: "eni-0b", privateAddress: "10.76.0.21" });
    expect(told(otherMachine(second))).toEqual({ ...shared, networkInterfaceId: "eni-0a", privateAddress: "10.76.0.5" });
    expect(otherMachine(otherMachine(second))).toEqual(second);
    expect(file(second, "/etc/xl2tpd/xl2tpd.conf")).toMatch("listen-addr = 10.76.0.21");
    // Clients go out from the Elastic IP that they came in by, whichever machine they are on.
    expect(file(second, "/etc/vpn-gateway/firewall.nft")).toMatch("ip saddr @clients4 ip daddr != @inside4 snat ip to 10.76.0.21");
    expect(file(floating, "/etc/vpn-gateway/firewall.nft")).toMatch("ip saddr @clients4 ip daddr != @inside4 masquerade");
  });

  test("a gateway by itself has nothing of it", () => {
    const paths = renderBundle(exampleSpec(), exampleSecrets(exampleSpec())).parts.flatMap(({ files }) => files.map(({ path }) => path));
    expect(paths.filter((path) => /keepalived|watch\b|pair/.test(path))).toEqual([]);
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

  const move = goldenSpecs["pair-aws"].pair!.move!;
  test.each<[string, Partial<typeof move>, string]>([
    ["a region with a host in it", { region: "eu-central-1.example.com/#" }, "pair.move.region"],
    ["an allocation that is none", { allocationId: "198.51.100.20" }, "pair.move.allocationId"],
    ["an interface that is none", { networkInterfaceId: "eni-0b&Action=RunInstances" }, "pair.move.networkInterfaceId"],
    ["one interface for both", { peerNetworkInterfaceId: "eni-0b" }, "pair.move.peerNetworkInterfaceId"],
    ["the address by which it is administered", { privateAddress: "10.76.0.20" }, "pair.move.privateAddress"],
    ["a public address that is none", { publicIp: "vpn.example.com" }, "pair.move.publicIp"],
    ["a route table that is none", { routes: [{ routeTableId: "main", destination: "10.77.2.0/24" }] }, "pair.move.routes[0].routeTableId"],
    ["a route to nowhere", { routes: [{ routeTableId: "rtb-0a", destination: "10.77.2.0" }] }, "pair.move.routes[0].destination"],
  ])("moved on AWS: %s", (_, changes, path) => {
    const found = (more: Partial<typeof move>) => {
      const spec = goldenSpecs["pair-aws"];
      return validateSpec({ ...spec, pair: { ...spec.pair!, move: { ...move, ...more } } }).map((problem) => problem.path);
    };
    expect(found(changes)).toContain(path);
    expect(found({})).toEqual([]);
  });

  test("a move has no meaning behind a load balancer", () => {
    expect(errors({ front: "loadBalancer", healthCheckers: ["192.0.2.1/32"], move })).toContain("pair.move");
  });

  test("a pool whose half is too small for all users, since one machine may be dead", () => {
    const users = Array.from({ length: 130 }, (_, index) => ({ name: `user${index}` }));
    expect(errors({}, { users, unmeasuredSessions: true })).toEqual(["l2tp.pool", "ikev2.pool"]);
    expect(validateSpec({ ...floating, pair: undefined, users, unmeasuredSessions: true }).filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

test.each(['a"b', "a!b", "$A", "@id", "{", "", "a\nb"])("keepalived's format carries no %j", (text) => {
  expect(() => renderKeepalived([line(["router_id", text])], "x")).toThrow(/keepalived.conf/);
});
