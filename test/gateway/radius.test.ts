import * as fc from "fast-check";
import { renderReadableParts, renderSecretParts } from "../../gateway/renderBundle";
import { paths, platform } from "../../gateway/platforms";
import type { GatewaySpec, RadiusSpec } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { readRadiusClient, readRadiusServers, readStrongswanConf, type Tree } from "./formats/readers";
import { hostile } from "./hostile";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const { strongswan } = platform("debian13");

const servers = [{ host: "10.20.0.21" }, { host: "10.20.0.22" }];
const long = "a secret without a space".replaceAll(" ", "-");

function problems(radius: unknown, secrets: string[] = [long, long], changes: Partial<GatewaySpec> = {}): string[] {
  const spec = exampleSpec({ users: [], radius: radius as RadiusSpec, ...changes });
  return validateSpec(spec, { passwords: {}, radius: secrets }).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}

function files(spec: GatewaySpec): Record<string, { content: string; mode: number; part: string }> {
  const parts = [...renderReadableParts(spec), ...renderSecretParts(spec, exampleSecrets(spec))];
  return Object.fromEntries(parts.flatMap(({ name, files: own }) => own.map(({ path, content, mode }) => [path, { content, mode, part: name }])));
}

test("two servers and their secrets are all that is needed", () => {
  expect(problems({ servers })).toEqual([]);
});

test.each<[string, unknown, string[], RegExp]>([
  ["no server", { servers: [] }, [], /^error radius\.servers: names no server/],
  ["a name instead of an address", { servers: [{ host: "radius.example.com" }] }, [long], /^error radius\.servers\[0\]\.host: is not an IP address/],
  ["IPv6 with L2TP", { servers: [{ host: "2001:db8::1" }] }, [long], /host: is an IPv6 address, and pppd's RADIUS knows IPv4 alone/],
  ["the same server twice", { servers: [servers[0], servers[0]] }, [long, long], /^error radius\.servers\[1\]: is radius\.servers\[0\] already/],
  ["a port that is none", { servers: [{ ...servers[0], authenticationPort: 70000 }] }, [long], /authenticationPort: is not a port/],
  ["a port of half a number", { servers: [{ ...servers[0], accountingPort: 1.5 }] }, [long], /accountingPort: is not a port/],
  ["one port for both", { servers: [{ ...servers[0], accountingPort: 1812 }] }, [long], /accountingPort: is the authenticationPort, too/],
  ["nine servers", { servers: Array.from({ length: 9 }, (_, index) => ({ host: `10.20.0.${index + 1}` })) }, Array.from({ length: 9 }, () => long), /are more than the programs take/],
  ["a missing secret", { servers }, [long], /^error radius\.servers\[1\]\.secret: is missing/],
  ["a secret of two lines", { servers: [servers[0]] }, [`${long}\nmore`], /secret: holds the control character U\+000A/],
  ["a secret with a space", { servers: [servers[0]] }, ["sixteen letters and more"], /secret: holds a space/],
  ["a secret that pppd cuts off", { servers: [servers[0]] }, ["x".repeat(49)], /secret: has 49 bytes, of which pppd's RADIUS reads 48/],
  ["two secrets of one host", { servers: [servers[0], { ...servers[0], authenticationPort: 1645 }] }, [long, `${long}2`], /secret: is another than the same host's above/],
  ["a short secret", { servers: [servers[0]] }, ["short"], /^warning radius\.servers\[0\]\.secret: has 5 characters/],
  ["an endless timeout", { servers, timeout: 0 }, [long, long], /^error radius\.timeout/],
  ["an identifier of two lines", { servers, nasIdentifier: "a\nb" }, [long, long], /^error radius\.nasIdentifier/],
  ["an unknown protocol", { servers, protocols: ["pptp"] }, [long, long], /^error radius\.protocols\[0\]: is no protocol/],
])("%s is found", (_, radius, secrets, expected) => {
  expect(problems(radius, secrets).join("\n")).toMatch(expected);
});

test("all that is wrong is said at once, and never a secret", () => {
  const found = problems({ servers: [{ host: "x", authenticationPort: 0 }, { host: "10.0.0.1" }], timeout: 99 }, ["sec ret", "bad\u0007bell"]).join("\n");
  expect(found.split("\n").filter((line) => line.startsWith("error")).length).toBeGreaterThanOrEqual(5);
  expect(found).not.toMatch(/sec ret|bell/);
});

test("a protocol that has no secrets of pppd's takes a secret with spaces", () => {
  expect(problems({ servers: [{ host: "2001:db8::1" }], protocols: ["ikev2"] }, ["sixteen letters and more"])).toEqual([]);
});

test("whoever of the list would need a password that the servers alone know is refused by name; certificates go on", () => {
  const ikev2 = { pool: "10.77.2.0/24", certificates: true };
  const users = [{ name: "alice" }, { name: "bob", protocols: ["ikev2" as const] }, { name: "carol", authentication: "certificate" as const, protocols: ["ikev2" as const] }, { name: "dave", authentication: "certificate" as const }];
  const found = problems({ servers }, [long, long], { ikev2, users }).filter((line) => line.startsWith("error"));
  expect(found).toEqual([
    expect.stringMatching(/^error users\[0\]: would come by l2tp and ikev2 with a password of the list/),
    expect.stringMatching(/^error users\[1\]: would come by ikev2/),
    expect.stringMatching(/^error users\[3\]: would come by l2tp/),
  ]);
  expect(problems({ servers, protocols: ["ikev2"] }, [long, long], { users: [{ name: "alice", protocols: ["l2tp"] }] }).filter((line) => line.startsWith("error"))).toEqual([]);
});

describe("what is rendered", () => {
  const spec = goldenSpecs.radius;

  test("the secrets are in files of root's alone, in the part that comes before the daemons ask", () => {
    for (const path of [strongswan.eapRadius, paths.radiusServers, paths.disconnectSecrets]) expect(files(spec)[path]).toMatchObject({ mode: 0o600, part: "identity" });
    expect(JSON.stringify(renderReadableParts(spec))).not.toMatch(/canary/);
  });

  test("charon asks the first server first, and gives none up for good", () => {
    const { "charon-systemd": charon } = readStrongswanConf(files(spec)[strongswan.charon].content) as { "charon-systemd": Tree };
    const eap = (charon.plugins as Tree)["eap-radius"] as Tree;
    const preferences = Object.values(eap.servers as Record<string, Tree>).map(({ preference }) => Number(preference));
    expect(preferences).toEqual([90, 0]);
    // radius_config.c: what one that answered last time has beyond one that did not.
    expect(Math.max(...preferences) - Math.min(...preferences)).toBeLessThan(110);
    expect(eap).toMatchObject({ accounting: "yes", accounting_requires_vip: "yes", accounting_close_on_timeout: "no", retransmit_tries: "3" });
    expect((charon.load as string).split(" ").indexOf("eap-radius")).toBeLessThan((charon.load as string).split(" ").indexOf("vici"));
    expect(Number((((charon.processor as Tree).priority_threads as Tree).medium))).toBeGreaterThan(0);
  });

  test("every password is asked of the servers, and none is on the gateway", () => {
    const { connections } = readStrongswanConf(files(spec)[strongswan.connections].content) as { connections: Record<string, Tree> };
    expect(connections.ikev2).toMatchObject({ pools: "radius, ikev2-ipv4", remote: { auth: "eap-radius", eap_id: "%any" } });
    expect(connections["ikev2-ask"]).toBeUndefined();
    expect(files(spec)[paths.chapSecrets]).toBeUndefined();
    expect(files(spec)[paths.pppOptions].content).toMatch(/^plugin radius\.so$/m);
    expect(Object.fromEntries(readRadiusClient(files(spec)[paths.radiusClient].content))).toMatchObject({ authserver: "10.20.0.21:1812 10.20.0.22:1645", acctserver: "10.20.0.21:1813 10.20.0.22:1646", nas_identifier: "office" });
  });

  test("what charon leaves itself for new keys puts no Session-Timeout off for long", () => {
    const connection = (changes: Partial<GatewaySpec>) =>
      (readStrongswanConf(files(exampleSpec({ users: [], radius: { servers }, ...changes }))[strongswan.connections].content) as { connections: Record<string, Tree> }).connections.ikev2;
    expect(connection({ clients: ["linux", "android"] })).toMatchObject({ rekey_time: "4h", over_time: "60s", rand_time: "24m" });
    // Without a time for new keys there is none for being late with them (vici_config.c).
    expect(connection({ clients: ["linux", "windows"] })).toMatchObject({ rekey_time: "0s" });
    expect(connection({ clients: ["linux", "windows"] })).not.toHaveProperty("over_time");
    expect(connection({ clients: ["linux"], radius: { servers, protocols: ["l2tp"] } })).not.toHaveProperty("over_time");
  });

  test("the list of users ends with those whom the servers let in", () => {
    expect(files(spec)[paths.users].content.trim().split("\n").at(-1)).toBe('{"radius":["l2tp","ikev2"]}');
    expect(files(exampleSpec())[paths.users].content).not.toMatch(/radius/);
  });

  test("a protocol that is left out goes on asking the list", () => {
    const ikev2 = files(exampleSpec({ radius: { servers, protocols: ["ikev2"] } }));
    expect(ikev2[paths.chapSecrets]).toBeDefined();
    expect(ikev2[paths.radiusServers]).toBeUndefined();
    const l2tp = files(exampleSpec({ radius: { servers, protocols: ["l2tp"] } }));
    expect(l2tp[strongswan.eapRadius]).toBeUndefined();
    expect(l2tp[strongswan.charon].content).not.toMatch(/eap-radius/);
    expect(l2tp[paths.chapSecrets]).toBeUndefined();
  });

  test("without accounting nobody is told", () => {
    const quiet = files(exampleSpec({ users: [], radius: { servers, accounting: false } }));
    expect(quiet[strongswan.charon].content).toMatch(/accounting = no\n/);
    expect(quiet[paths.radiusClient].content).toMatch(/^acctserver 0\.0\.0\.0:1813$/m);
  });

  test("a hostile secret and a hostile identifier stay what they are in each file, or are refused before", () => {
    let carried = 0;
    fc.assert(
      fc.property(hostile, hostile, (secret, nasIdentifier) => {
        const given = exampleSpec({ users: [], radius: { servers: [servers[0]], nasIdentifier, disconnect: true } });
        const secrets = { ...exampleSecrets(given), radius: [secret] };
        if (validateSpec(given, secrets).some(({ severity }) => severity === "error")) return;
        carried++;
        const [identity] = renderSecretParts(given, secrets);
        const [base] = renderReadableParts(given);
        const text = (path: string) => [...identity.files, ...base.files].find((file) => file.path === path)!.content;
        const server = (path: string) => {
          const { "charon-systemd": charon } = readStrongswanConf(text(path)) as { "charon-systemd": Tree };
          return (((charon.plugins as Tree)["eap-radius"] as Tree).servers as Record<string, Tree>)["server-1"];
        };
        expect(server(strongswan.eapRadius)).toEqual({ secret });
        expect(server(strongswan.charon)).toMatchObject({ nas_identifier: nasIdentifier });
        expect(readRadiusServers(text(paths.radiusServers))).toEqual([[servers[0].host, secret]]);
        expect(Object.fromEntries(readRadiusClient(text(paths.radiusClient))).nas_identifier).toBe(nasIdentifier);
        expect(text(paths.disconnectSecrets).split("\n").slice(0, -1).map((line) => JSON.parse(line) as string)).toEqual([secret]);
        expect((JSON.parse(text(paths.disconnect)) as { nasIdentifier: string }).nasIdentifier).toBe(nasIdentifier);
      }),
      { numRuns: 3000 },
    );
    expect(carried).toBeGreaterThan(20);
  });
});

describe("where answers grant something", () => {
  const spec = goldenSpecs["radius-attributes"];
  const text = (path: string) => files(spec)[path].content;

  test("both daemons ask the relay, an address for each server, and the relay the servers", () => {
    const { "charon-systemd": charon } = readStrongswanConf(text(strongswan.charon)) as { "charon-systemd": Tree };
    const asked = Object.values((((charon.plugins as Tree)["eap-radius"] as Tree).servers as Record<string, Tree>)).map(({ address, auth_port: port }) => `${String(address)} ${String(port)}`);
    expect(asked).toEqual(["127.88.0.1 1812", "127.88.0.2 1645"]);
    expect(Object.fromEntries(readRadiusClient(text(paths.radiusClient)))).toMatchObject({ authserver: "127.88.0.1:1812 127.88.0.2:1645", acctserver: "127.88.0.1:1813 127.88.0.2:1646" });
    const { relay } = JSON.parse(text(paths.disconnect)) as { relay: unknown };
    expect(relay).toEqual([{ at: "127.88.0.1", host: "10.20.0.21", ports: [1812, 1813] }, { at: "127.88.0.2", host: "10.20.0.22", ports: [1645, 1646] }]);
    // By the servers' own addresses, too: the secrets are pushed before that which makes pppd ask the relay.
    const [first, second] = exampleSecrets(spec).radius!;
    expect(readRadiusServers(text(paths.radiusServers))).toEqual([["10.20.0.21", first], ["10.20.0.22", second], ["127.88.0.1", first], ["127.88.0.2", second]]);
    const [base] = renderReadableParts(spec);
    expect(base.services.indexOf("vpn-gateway-relay.service")).toBeLessThan(base.services.indexOf("strongswan.service"));
    expect(base.services).toContain("vpn-gateway-relay.service");
  });

  test("each group is what a Filter-Id may name, and nobody else's secret is read by more than root", () => {
    const [, users] = renderReadableParts(spec);
    expect(JSON.parse(text(paths.users).trim())).toEqual({ radius: ["l2tp", "ikev2"], filters: { staff: { policy: "filter_staff" }, "phone-guests": { policy: "filter_phone_guests", rate: { down: 2000, up: 1000 } } } });
    expect(text(paths.policies)).toMatch(/chain filter_phone_guests \{\n[^}]*\n {4}jump group_phone_guests\n(?: {4}ip daddr [^\n]* dport 53 accept\n)+ {4}counter drop\n {2}\}/);
    expect(users.services).toEqual(["vpn-gateway-policies.service", "vpn-gateway-rates.service", "vpn-gateway-keeper.service"]);
    expect(files(spec)[paths.disconnectSecrets]).toMatchObject({ mode: 0o600, part: "identity" });
  });

  test("without a group every Filter-Id is unknown, and the table that shuts it is there nevertheless", () => {
    const bare = files(exampleSpec({ users: [], radius: { servers, attributes: true } }));
    expect(JSON.parse(bare[paths.users].content.trim())).toEqual({ radius: ["l2tp", "ikev2"], filters: {} });
    expect(bare[paths.policies].content).toMatch(/saddr @clients4 counter drop/);
    expect(bare[paths.keeperUnit].content).not.toMatch(/--disconnect/);
  });

  test("without the setting nothing of it is there", () => {
    const plain = files(goldenSpecs.radius);
    expect(Object.keys(plain)).not.toContain(paths.relayUnit);
    expect(plain[paths.users].content).not.toMatch(/filters/);
    expect(plain[paths.disconnect].content).not.toMatch(/relay/);
  });

  test("it is for servers of one's own, and groups need no user", () => {
    expect(problems({ servers: [{ host: "127.0.0.1" }], onGateway: {}, attributes: true }, []).join("\n")).toMatch(/^error radius\.attributes: is for servers of your own/m);
    expect(problems({ servers, attributes: "yes" }).join("\n")).toMatch(/^error radius\.attributes: is neither true nor false/m);
    const groups = [{ name: "staff", reach: [{ networks: ["10.20.0.0/24"] }] }];
    expect(problems({ servers, attributes: true }, [long, long], { groups })).toEqual([]);
    expect(problems({ servers }, [long, long], { groups })).toEqual([expect.stringMatching(/^warning groups\[0\]: has no user/)]);
  });
});

test("where a person has to press a button charon waits as long as the server may take, with a thread for each who waits", () => {
  const charonOf = (timeout?: number) => (readStrongswanConf(files(exampleSpec({ users: [], radius: { servers, timeout } }))[strongswan.charon].content) as { "charon-systemd": Tree })["charon-systemd"];
  const sockets = (charon: Tree) => (((charon.plugins as Tree)["eap-radius"] as Tree).servers as Record<string, Tree>)["server-1"].sockets;
  expect(charonOf()).toMatchObject({ threads: "32" });
  expect(charonOf().half_open_timeout).toBeUndefined();
  const slow = charonOf(20);
  expect(slow).toMatchObject({ threads: "72", half_open_timeout: "90" });
  // Whoever waits has a thread and a socket, and threads are left for everybody else.
  expect(Number(slow.threads) - Number(sockets(slow))).toBe(Number(charonOf().threads) - Number(sockets(charonOf())));
});
