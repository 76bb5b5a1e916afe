import { renderBundle, renderReadableParts, renderSecretParts } from "../../gateway/renderBundle";
import { espProposals, ikeProposals, proposalsFor } from "../../gateway/cipherSuites";
import { paths, platform } from "../../gateway/platforms";
import { clientKinds, type GatewaySpec } from "../../gateway/spec";
import { readIni, readPppWords, readStrongswanConf, type Tree } from "./formats/readers";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

function files(spec: GatewaySpec): Record<string, string> {
  return Object.fromEntries(renderReadableParts(spec).flatMap((part) => part.files.map(({ path, content }) => [path, content])));
}

/** The rules of a chain, without comments. */
function chain(spec: GatewaySpec, name: string): string[] {
  const lines = files(spec)[paths.firewall].split("\n");
  const from = lines.indexOf(`  chain ${name} {`);
  if (from < 0) return [];
  return lines.slice(from + 1, lines.indexOf("  }", from)).map((line) => line.trim()).filter((line) => !line.startsWith("#"));
}

describe.each(Object.keys(goldenSpecs))("%s", (name) => {
  const spec = goldenSpecs[name];

  test("parts come in their order, and only base waits for confirmation", () => {
    const { parts } = renderBundle(spec, exampleSecrets(spec));
    expect(parts.map((part) => [part.name, part.secret, part.confirmWithin])).toEqual([
      ["identity", true, 0], ["base", false, 60], ["passwords", true, 0], ["users", false, 0],
    ]);
  });

  test("no secret is in a readable part, and secrets are root's alone", () => {
    const readable = JSON.stringify(renderReadableParts(spec));
    expect(readable).not.toMatch(/canary/);
    for (const file of renderSecretParts(spec, exampleSecrets(spec)).flatMap((part) => part.files)) {
      const decoded = file.content.replace(/0s([A-Za-z0-9+/=]+)/g, (_, text: string) => Buffer.from(text, "base64").toString());
      if (/canary/.test(decoded)) expect([file.path, file.mode]).toEqual([file.path, 0o600]);
    }
  });

  test("one more user changes nothing but the list of users", () => {
    const [base] = renderReadableParts(spec);
    const users = Array.from({ length: 100 }, (_, index) => ({ name: `user${index}` }));
    for (const more of [1, 40, 100])
      expect(renderReadableParts({ ...spec, users: [...spec.users, ...users.slice(0, more)] })[0]).toEqual(base);
  });

  test("no weak algorithm is accepted anywhere", () => {
    const text = Object.values(files(spec)).join("\n").toLowerCase().replaceAll(/\/dev\/null|\b(not|is) null\b/g, "");
    expect(text).not.toMatch(/3des|\bdes\b|md5-|-md5|modp1024|modp1536|modp768|null|-none|blowfish|\bcast/);
    const sha1 = espProposals("l2tp", spec.clients).concat(ikeProposals("l2tp", spec.clients)).some((text) => text.includes("sha1"));
    expect(sha1).toBe(spec.clients.includes("windows"));
  });

  test("the version of IKE is written out, and so are the proposals", () => {
    const text = files(spec)[platform(spec.platform).strongswan.connections];
    // Of a gateway for site connections alone each connection is a part of its own.
    expect(text !== undefined).toBe(spec.l2tp !== undefined || spec.ikev2 !== undefined);
    const { connections = {} } = readStrongswanConf(text ?? "") as { connections?: Record<string, Tree> };
    for (const [connection, { version, proposals, children }] of Object.entries(connections)) {
      expect(version).toBe(connection === "l2tp" ? "1" : "2");
      expect(proposals).not.toMatch(/default/);
      expect(((children as Tree)[connection] as Tree).esp_proposals).toMatch(/^aes/);
    }
  });

  test("1701 is open within IPsec only, and shut in clear before anything else is looked at", () => {
    const rules = chain(spec, "input").slice(1);
    expect(rules[0]).toBe("udp dport 1701 meta ipsec missing counter drop");
    const opening = rules.filter((rule) => rule.includes("1701") && rule.endsWith("accept"));
    expect(opening).toEqual(spec.l2tp ? ["udp dport 1701 meta ipsec exists accept"] : []);
  });

  test("what would make a tunnel in xl2tpd is a whole SCCRQ, before anybody's connection lets it through", () => {
    const rules = chain(spec, "input").slice(1);
    const jump = rules.indexOf("udp dport 1701 jump l2tp_packets");
    expect(jump).toBe(spec.l2tp ? 1 : -1);
    if (!spec.l2tp) return;
    expect(jump).toBeLessThan(rules.indexOf("ct state established,related accept"));
    // Data without and with a length whose tunnel is 0: the header's second and third word (RFC 2661, 3.1).
    expect(chain(spec, "l2tp_packets")).toEqual([
      "udp length < 16 counter drop", "@th,64,8 & 0x80 == 0x80 goto l2tp_control",
      "@th,64,8 & 0xc0 == 0x00 @th,80,16 0 counter drop", "@th,64,8 & 0xc0 == 0x40 @th,96,16 0 counter drop",
    ]);
    const begins = chain(spec, "l2tp_begins");
    expect(begins.at(-1)).toBe("counter drop");
    const lengths = /set l2tp_lengths \{\n.*\n +elements = \{ (.*) \}/.exec(files(spec)[paths.firewall])![1].split(", ").map((pair) => pair.split(" . ").map(Number));
    expect(lengths.every(([udp, l2tp]) => udp - l2tp === 8)).toBe(true);
    expect([lengths[0], lengths.at(-1)]).toEqual([[28, 20], [400, 392]]);
  });

  test("a flood of IKEv1's first messages is cut before it takes everybody's turn, by address and port; half-open SAs have a bound", () => {
    const rules = chain(spec, "input");
    const found = rules.filter((rule) => rule.includes("@ikev1_first"));
    expect(found.map((rule) => /update @(ikev1_first[46]) \{ (ip6?) saddr \. udp sport limit rate over .* \} counter drop$/.exec(rule)?.slice(1))).toEqual(spec.l2tp ? [["ikev1_first4", "ip"], ["ikev1_first6", "ip6"]] : []);
    if (spec.l2tp) expect(rules.indexOf(found[1])).toBeLessThan(rules.indexOf("udp dport { 500, 4500 } accept"));
    const { "charon-systemd": charon } = readStrongswanConf(files(spec)[platform(spec.platform).strongswan.charon]) as { "charon-systemd": Record<string, string> };
    expect(Number(charon.init_limit_half_open)).toBeGreaterThan(Number(charon.block_threshold));
    // Some waiting is usual: as many messages as threads (16 where nothing is said), and some more.
    expect(Number(charon.init_limit_job_load)).toBeGreaterThanOrEqual(4 * Number(charon.threads ?? 16));
  });

  test("SSH comes from administrators only, and nothing else is open but IKE and ESP, BGP and BFD out of a site's tunnel, and what is in a set for a CA's questions", () => {
    const ports = chain(spec, "input").filter((rule) => /dport|l4proto/.test(rule) && !/sport/.test(rule) && rule.endsWith("accept"));
    const families = spec.administrators.some((range) => range.includes(":")) ? [4, 6] : [4];
    expect(ports).toEqual([
      ...families.map((family) => `${family === 4 ? "ip" : "ip6"} saddr @administrators${family} tcp dport ${spec.sshPort} accept`),
      "udp dport { 500, 4500 } accept",
      "meta l4proto esp accept",
      ...(spec.pair ? [`ip saddr ${spec.pair.peer}/32 meta l4proto 112 accept`] : []),
      ...(spec.pair?.healthCheckers.length ? [`ip saddr @health_checkers4 tcp dport ${spec.pair.healthPort} accept`] : []),
      ...(spec.l2tp ? ["udp dport 1701 meta ipsec exists accept"] : []),
      ...(spec.bgp
        ? ["tcp dport 179 accept", "ip ttl 255 udp dport 3784 accept"].map((rule) => `iifname "st-*" ip saddr 169.254.0.0/16 ip daddr 169.254.0.0/16 ${rule}`)
        : []),
      ...(spec.radius?.disconnect ? ["ip saddr @radius_servers4 udp dport 3799 accept"] : []),
      // A set that is empty but while a public CA asks.
      ...(spec.ikev2?.acme ? ["tcp dport @acme_ports accept"] : []),
    ]);
  });

  test("no chain stands at a hook that only lets pass what passes anyhow", () => {
    for (const [, rules] of files(spec)[paths.firewall].matchAll(/policy accept;\n((?: {4}.*\n)*) {2}\}/g))
      expect(rules.split("\n").filter((rule) => /^ {4}[^#]/.test(rule) && !/ifname "lo" accept$/.test(rule))).not.toEqual([]);
  });

  test("everything that is not named is dropped and counted", () => {
    for (const name of ["input", "forward"]) {
      expect(chain(spec, name)[0]).toMatch(/policy drop;$/);
      expect(chain(spec, name).at(-1)).toBe("counter drop");
    }
  });

  test("nothing goes to a client in clear, and that is looked at before established connections are let through", () => {
    if (!spec.l2tp && !spec.ikev2) return;
    const rules = chain(spec, "forward");
    const guard = rules.indexOf('ip daddr @clients4 oifname != "ppp*" rt ipsec missing counter drop');
    expect(guard).toBeGreaterThan(0);
    expect(guard).toBeLessThan(rules.indexOf("ct state established,related accept"));
    expect(chain(spec, "prerouting")).toContain('ip saddr @clients4 iifname != "ppp*" meta ipsec missing counter drop');
  });

  test("segments are clamped in both directions for each pool", () => {
    const rules = chain(spec, "clamp");
    for (const pool of [spec.l2tp?.pool, spec.ikev2?.pool, spec.ikev2?.pool6].filter((text) => text !== undefined)) {
      expect(rules.filter((rule) => rule.includes(`saddr ${pool} `)).length).toBe(1);
      expect(rules.filter((rule) => rule.includes(`daddr ${pool} `)).length).toBe(1);
    }
    expect(rules.every((rule) => rule.includes(" tcp option maxseg size set "))).toBe(true);
    if (rules.length > 0) expect(chain(spec, "segments")).toEqual(["type filter hook forward priority mangle; policy accept;", "tcp flags & (syn | rst) == syn goto clamp"]);
  });

  test("no interface of the outside is named", () => {
    const interfaces = files(spec)[paths.firewall].match(/[io]ifname (?:!= )?"[^"]+"/g) ?? [];
    // But of a site connection, which is inside.
    const inside = spec.sites ? /"(lo|ppp\*|st-\*)"$/ : /"(lo|ppp\*)"$/;
    expect(interfaces.filter((text) => !inside.test(text))).toEqual([]);
  });

  test("connmark and forecast stay out of charon", () => {
    const { "charon-systemd": charon } = readStrongswanConf(files(spec)[platform(spec.platform).strongswan.charon]) as { "charon-systemd": Tree };
    expect(charon.load_modular).toBe("no");
    expect(charon.load).not.toMatch(/connmark|forecast|updown|eap-(aka|sim)/);
    expect(/eap-radius/.test(charon.load as string)).toBe(spec.radius !== undefined);
    expect(/eap-tls|revocation/.test(charon.load as string)).toBe(spec.ikev2?.certificates === true);
  });
});

test("clients reach each other, the internet and the inside by policy", () => {
  const between = (spec: GatewaySpec) => chain(spec, "forward").find((rule) => /saddr @clients4.*daddr @clients4/.test(rule));
  expect(between(exampleSpec({ clientToClient: false }))).toMatch(/drop$/);
  expect(between(exampleSpec({ clientToClient: true }))).toMatch(/accept$/);
  const internet = "ip saddr @clients4 ip daddr != @reserved4 accept";
  expect(chain(exampleSpec({ tunnel: "full" }), "forward")).toContain(internet);
  expect(chain(exampleSpec({ tunnel: "split" }), "forward")).not.toContain(internet);
  expect(chain(exampleSpec({ insideNetworks: [] }), "forward").some((rule) => rule.includes("@inside4"))).toBe(false);
});

test("with BGP, and only then, ways of the same worth are chosen by ports, too, for both families", () => {
  const sysctl = (spec: GatewaySpec) => files(spec)["/etc/sysctl.d/60-vpn-gateway.conf"].split("\n").filter((line) => line.includes("multipath"));
  expect(sysctl(goldenSpecs["sites-bgp"])).toEqual(["net.ipv4.fib_multipath_hash_policy = 1", "net.ipv6.fib_multipath_hash_policy = 1"]);
  for (const name of ["sites-only", "both"] as const) expect(sysctl(goldenSpecs[name])).toEqual([]);
});

test("masquerade is by policy, and never for what goes back into a tunnel", () => {
  const rules = (masquerade: GatewaySpec["masquerade"]) => chain(exampleSpec({ masquerade }), "postrouting").slice(1);
  expect(rules("internet")).toEqual([
    'oifname "ppp*" accept',
    "rt ipsec exists accept",
    "ip saddr @clients4 ip daddr != @inside4 masquerade",
  ]);
  expect(rules("everywhere").at(-1)).toBe("ip saddr @clients4 masquerade");
  expect(rules("never")).toEqual([]);
});

test("a client's address is not translated into a site's tunnel, whatever is masqueraded; without sites there is no such rule", () => {
  for (const masquerade of ["internet", "everywhere"] as const) {
    const rules = chain({ ...goldenSpecs["sites-and-clients"], masquerade }, "postrouting");
    const [spared, translated] = [rules.indexOf('oifname "st-*" accept'), rules.findIndex((rule) => rule.endsWith(" masquerade"))];
    expect([spared >= 0, spared < translated]).toEqual([true, true]);
  }
  expect(chain(goldenSpecs.both, "postrouting").join()).not.toContain("st-");
});

test("a split tunnel carries the inside networks and the name servers, a full one everything", () => {
  const selectors = (spec: GatewaySpec) => {
    const { connections } = readStrongswanConf(files(spec)[platform(spec.platform).strongswan.connections]) as { connections: { ikev2: { children: { ikev2: Tree } } } };
    return connections.ikev2.children.ikev2.local_ts;
  };
  expect(selectors(exampleSpec())).toBe("0.0.0.0/0");
  expect(selectors(exampleSpec({ tunnel: "split" }))).toBe("10.20.0.0/16, 9.9.9.9/32");
  expect(selectors(exampleSpec({ ikev2: { pool: "10.77.2.0/24", pool6: "fd77::/64" } }))).toBe("0.0.0.0/0, ::/0");
});

test("pppd takes MS-CHAPv2 and nothing else, and xl2tpd asks it for no other", () => {
  const spec = exampleSpec();
  const options = readPppWords(files(spec)[paths.pppOptions]);
  expect(options.filter(([option]) => option.startsWith("require"))).toEqual([["require-mschap-v2"]]);
  expect(options.map(([option]) => option)).toEqual(expect.arrayContaining(["auth", "refuse-pap", "refuse-eap", "nodefaultroute", "noipv6"]));
  expect(options.map(([option]) => option)).not.toContain("proxyarp");
  const { "lns default": server } = readIni(files(spec)[paths.xl2tpd]);
  expect(server["require chap"]).toBeUndefined();
  expect(server).toMatchObject({ "local ip": "10.77.1.1", "ip range": "10.77.1.2-10.77.1.254" });
});

test("every kind of client has its proposals with their source", () => {
  for (const protocol of ["ikev2", "l2tp"] as const) {
    for (const kind of clientKinds) expect(proposalsFor(protocol, kind).source).not.toBe("");
  }
  expect(ikeProposals("ikev2", ["apple"])[0]).toBe("aes256gcm16-prfsha256-ecp256");
  expect(proposalsFor("l2tp", "windows").concession).toMatch(/SHA1/);
});

test("one more user changes one line of the readable parts", () => {
  const before = JSON.stringify(renderReadableParts(exampleSpec())[0]);
  const more = exampleSpec({ users: [{ name: "alice" }, { name: "bob@example.com" }, { name: "carol" }] });
  expect(JSON.stringify(renderReadableParts(more)[0])).toBe(before);
  expect(renderReadableParts(more)[1].files[0].content).toBe('"alice"\n"bob@example.com"\n"carol"\n');
});
