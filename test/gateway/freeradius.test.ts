import * as fc from "fast-check";
import * as fs from "fs";
import * as path from "path";
import { renderPgpass } from "../../gateway/formats/pgpass";
import { renderReadableParts, renderSecretParts } from "../../gateway/renderBundle";
import { paths, platform } from "../../gateway/platforms";
import { radiusKey } from "../../gateway/render/freeradiusUsers";
import type { GatewaySpec, RadiusSpec, UserSpec } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { ownConnections } from "../../gateway/users";
import { readPgpass, readRadiusUsers, readStrongswanConf, readUnit, type Tree } from "./formats/readers";
import { Freeradius, hasFreeradius } from "./freeradiusProcess";
import { attempt, hostile } from "./hostile";
import { byEap, byPpp } from "./radiusClient";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const { strongswan } = platform("debian13");

const spec = goldenSpecs["radius-own"];
const own = { servers: [{ host: "127.0.0.1" }], onGateway: {} };

function files(of: GatewaySpec, secrets = exampleSecrets(of)): Record<string, { content: string; mode: number; part: string }> {
  const parts = [...renderReadableParts(of), ...renderSecretParts(of, secrets)];
  return Object.fromEntries(parts.flatMap(({ name, files: all }) => all.map(({ path: at, content, mode }) => [at, { content, mode, part: name }])));
}

function problems(changes: Partial<GatewaySpec>): string[] {
  return validateSpec(exampleSpec({ radius: own, ...changes }), { passwords: {} }).map(({ severity, path: at, message }) => `${severity} ${at}: ${message}`);
}

test("it is asked for and needs nothing more", () => {
  expect(problems({})).toEqual([]);
});

const fixed = { ikev2: { pool: "10.77.2.0/24", pool6: "fd77:2::/64", fixedPool: "10.77.4.0/24", fixedPool6: "fd77:4::/64" } };

test.each<[string, Partial<GatewaySpec>, RegExp]>([
  ["servers of one's own beside it", { radius: { servers: [{ host: "10.20.0.21" }], onGateway: {} } }, /^error radius\.onGateway: stands beside radius\.servers/],
  ["books of no day", { radius: { ...own, onGateway: { keepDays: 0 } } }, /^error radius\.onGateway\.keepDays: is not a whole number of days/],
  ["books of half a day", { radius: { ...own, onGateway: { keepDays: 0.5 } } }, /^error radius\.onGateway\.keepDays/],
  ["days of books that are not kept", { radius: { ...own, onGateway: { keepDays: 5 }, accounting: false } }, /^error radius\.onGateway\.keepDays: has no effect/],
  ["Disconnect-Requests of nobody", { radius: { ...own, disconnect: true } }, /^error radius\.disconnect: is for servers of your own/],
  ["routes that it cannot tell", { ...fixed, users: [{ name: "a", ikev2Address: "10.77.4.9", ikev2Address6: "fd77:4::9", routes: ["10.20.0.0/16"] }] }, /^error users\[0\]\.routes: cannot be told[\s\S]*^error users\[0\]\.ikev2Address6: cannot be told/m],
  ["an unknown protocol", { radius: { ...own, protocols: ["pptp" as "l2tp"] } }, /^error radius\.protocols\[0\]: is no protocol/],
  ["nobody on the list", { users: [] }, /^warning users: nobody may connect/],
])("%s is found", (_, changes, expected) => {
  expect(problems(changes).join("\n")).toMatch(expected);
});

const postgresql = { host: "db.example.com", database: "vpn", user: "vpn" };
const withDatabase = (changes: object, more: Partial<RadiusSpec> = {}) => ({ radius: { ...own, onGateway: { postgresql: { ...postgresql, ...changes } }, ...more } });

test.each<[string, Partial<GatewaySpec>, RegExp]>([
  ["a host that is none", withDatabase({ host: "db example" }), /^error radius\.onGateway\.postgresql\.host: is neither a DNS name nor an IP address/m],
  ["a host that would be a socket", withDatabase({ host: "/run/postgresql" }), /postgresql\.host: is neither/],
  ["a port that is none", withDatabase({ port: 0 }), /postgresql\.port: is not a port/],
  ["a database's name that would be more", withDatabase({ database: "vpn sslmode=disable" }), /postgresql\.database: is not 1 to 63 letters/],
  ["a user's name with a quote", withDatabase({ user: 'a"b' }), /postgresql\.user: is not 1 to 63 letters/],
  ["no TLS", withDatabase({ tls: false }), /^warning radius\.onGateway\.postgresql\.tls: lets everybody on the way read/m],
  ["an authority without TLS", withDatabase({ tls: false, authority: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----" }), /postgresql\.authority: has no effect/],
  ["an authority that is none", withDatabase({ authority: "x" }), /postgresql\.authority: is not a certificate in PEM/],
  ["days of somebody's own database", { radius: { ...own, onGateway: { postgresql, keepDays: 5 } } }, /keepDays: is for books on the gateway/],
  ["a database for nothing", withDatabase({}, { accounting: false }), /postgresql: has no effect where radius\.accounting is off/],
  ["a missing password", withDatabase({}), /^error radius\.onGateway\.postgresql\.password: is missing/m],
])("books in PostgreSQL: %s is found", (_, changes, expected) => {
  expect(problems(changes).join("\n")).toMatch(expected);
});

test("a database's password is never shown, and by what it is wrong is", () => {
  const given = exampleSpec(withDatabase({}));
  const found = validateSpec(given, { passwords: {}, radiusDatabase: "canary\nof the database" });
  expect(found.map(({ message }) => message)).toEqual(["holds the control character U+000A"]);
  expect(JSON.stringify(found)).not.toContain("canary");
  expect(validateSpec(given, { passwords: {}, radiusDatabase: "canary of the database" })).toEqual([]);
});

describe("books in PostgreSQL", () => {
  const with5433 = goldenSpecs["radius-own-postgresql"];
  const all = files(with5433);

  test("its password is in one file of root's alone, which libpq alone reads", () => {
    expect(all[paths.radiusdDatabase]).toMatchObject({ mode: 0o600, part: "identity" });
    expect(readPgpass(all[paths.radiusdDatabase].content)).toEqual([["db.example.com", "5433", "vpn", "vpn-gateway", "canary:of the\\database 8431"]]);
    expect(Object.entries(all).filter(([, { content }]) => content.includes("canary\\:of")).map(([at]) => at)).toEqual([paths.radiusdDatabase]);
    expect(all[paths.radiusd].content).toMatch(/radius_db = "host=db\.example\.com port=5433 dbname=vpn user=vpn-gateway passfile=\S+ sslmode=verify-full sslrootcert=\S+database-authority\.pem /);
  });

  test("the server that hears of sessions writes a file, and another one takes it to the database", () => {
    const [, hears, takes] = /server own \{([\s\S]*?)\nserver books \{([\s\S]*)/.exec(all[paths.radiusd].content) ?? [];
    expect(hears).toMatch(/accounting \{\n {4}detail \{\n {6}fail = 1\n {4}\}\n {4}ok\n/);
    expect(hears).not.toMatch(/sql/);
    expect(takes).toMatch(/type = "detail"[\s\S]*sql\n {4}ok\n/);
  });

  test("by the distribution's authorities where none is given, and unencrypted where that is asked for", () => {
    const conf = (changes: object) => files(exampleSpec(withDatabase(changes)), { ...exampleSecrets(with5433), passwords: { alice: "x", "bob@example.com": "x" } })[paths.radiusd].content;
    expect(conf({})).toMatch(/sslmode=verify-full sslrootcert=system /);
    expect(conf({ tls: false })).toMatch(/sslmode=disable connect_timeout/);
  });

  test("of a database by address nobody else is spoken with", () => {
    const unit = (changes: object) => readUnit(files(exampleSpec(withDatabase(changes)), { ...exampleSecrets(with5433), passwords: { alice: "x", "bob@example.com": "x" } })[paths.radiusdUnit].content).map(([, key, value]) => `${key}=${value}`);
    expect(unit({ host: "10.20.0.30" })).toEqual(expect.arrayContaining(["IPAddressDeny=any", "IPAddressAllow=localhost 10.20.0.30"]));
    expect(unit({}).some((line) => line.startsWith("IPAddress"))).toBe(false);
  });

  test("the table that docs/radius.md shows is the one that is written to", () => {
    const docs = fs.readFileSync(path.join(__dirname, "..", "..", "docs", "radius.md"), "utf8").replace(/\s+/g, " ");
    for (const statement of all[paths.radiusdSchema].content.trim().split("\n")) expect(docs).toContain(statement.replace("vpn-gateway", "vpn"));
  });

  test("a hostile password stays what it is in libpq's file, or is refused", () => {
    fc.assert(
      fc.property(hostile, (password) => {
        const text = attempt(password, () => renderPgpass({ host: "2001:db8::1", port: 5432, database: "vpn", user: "vpn", password }));
        if (text !== undefined) expect(readPgpass(text)).toEqual([["2001:db8::1", "5432", "vpn", "vpn", password]]);
      }),
      { numRuns: 2000 },
    );
    expect(() => renderPgpass({ host: "*", port: 1, database: "a", user: "b", password: "c" })).toThrow(/host/);
    expect(() => renderPgpass({ host: "a", port: 1, database: "a", user: "b", password: "" })).toThrow(/empty password/);
  });
});

test("by a protocol that it is not asked for, and with a certificate, a user has what they had", () => {
  const user: UserSpec = { name: "a", ikev2Address: "10.77.4.9", ikev2Address6: "fd77:4::9", routes: ["10.20.0.0/16"] };
  const errors = (changes: Partial<GatewaySpec>) => problems({ ...fixed, ...changes }).filter((line) => line.startsWith("error"));
  expect(errors({ radius: { ...own, protocols: ["l2tp"] }, users: [user] })).toEqual([]);
  expect(errors({ ikev2: { ...fixed.ikev2, certificates: true }, users: [{ ...user, authentication: "certificate" }] })).toEqual([]);
});

describe("what is rendered", () => {
  const all = files(spec);

  test("secrets are in files of root's alone, and no password is anywhere", () => {
    expect(all[paths.radiusdClient]).toMatchObject({ mode: 0o600, part: "identity" });
    expect(all[paths.radiusdUsers]).toMatchObject({ mode: 0o600, part: "passwords" });
    expect(JSON.stringify(renderReadableParts(spec))).not.toMatch(/canary/i);
    for (const { content } of Object.values(all)) expect(content).not.toMatch(/canary-password/);
    for (const encoded of Object.values(exampleSecrets(spec).passwords).map((text) => Buffer.from(text).toString("base64"))) expect(JSON.stringify(all)).not.toContain(encoded);
  });

  test("both daemons ask the machine itself, as they would ask any server", () => {
    const { "charon-systemd": charon } = readStrongswanConf(all[strongswan.charon].content) as { "charon-systemd": Tree };
    expect(((charon.plugins as Tree)["eap-radius"] as Tree).servers).toMatchObject({ "server-1": { address: "127.0.0.1", auth_port: "1812", acct_port: "1813" } });
    expect(all[paths.radiusClient].content).toMatch(/^authserver 127\.0\.0\.1:1812$/m);
    expect(all[paths.radiusServers].content).toMatch(/^127\.0\.0\.1 canaryOfTheOwnServer8431$/m);
    expect(all[paths.chapSecrets]).toBeUndefined();
    expect(all[paths.radiusdClient].content).toMatch(/^ {2}secret = "canaryOfTheOwnServer8431"$/m);
  });

  test("it listens to the machine itself alone, can write its books alone, and is no root", () => {
    expect(all[paths.radiusd].content.match(/ipaddr = .*/g)).toEqual(['ipaddr = "127.0.0.1"', 'ipaddr = "127.0.0.1"']);
    const service = readUnit(all[paths.radiusdUnit].content).filter(([section]) => section === "Service").map(([, key, value]) => `${key}=${value}`);
    for (const line of ["User=freerad", "CapabilityBoundingSet=", "ProtectSystem=strict", "IPAddressDeny=any", "IPAddressAllow=localhost", "NoNewPrivileges=yes"]) expect(service).toContain(line);
    const part = renderReadableParts(spec)[0];
    expect(part.services).toContain(platform("debian13").units.radius);
    expect(part.packages).toContain("freeradius");
  });

  test("a user's entry is by the protocols that ask for the password, and carries what was fixed", () => {
    const users = readRadiusUsers(all[paths.radiusdUsers].content);
    expect(users.map(({ key }) => key)).toEqual([
      radiusKey("l2tp", "alice"), radiusKey("ikev2", "alice"), radiusKey("ikev2", "bob@example.com"),
      radiusKey("l2tp", 'DEFAULT "$INCLUDE'), radiusKey("ikev2", 'DEFAULT "$INCLUDE'), radiusKey("l2tp", "carol@example.com"),
    ]);
    expect(users[0].reply).toEqual([["Framed-IP-Address", "10.77.3.50"], ["MS-Primary-DNS-Server", "10.20.0.54"]]);
    expect(users[2].reply).toEqual([]);
    expect(users[4].reply).toEqual([["Framed-IP-Address", "10.77.4.51"], ["MS-Primary-DNS-Server", "10.20.0.53"], ["MS-Secondary-DNS-Server", "9.9.9.9"]]);
  });

  test("an address comes with the answer, and name servers come once", () => {
    const { connections, pools } = readStrongswanConf(all[strongswan.connections].content) as { connections: Record<string, Tree>; pools: Record<string, Tree> };
    expect(connections.ikev2).toMatchObject({ pools: "radius, ikev2-ipv4", remote: { auth: "eap-radius" } });
    expect(pools["ikev2-ipv4"]).toMatchObject({ dns: "10.20.0.53, 9.9.9.9" });
    expect(all[strongswan.charon].content).not.toMatch(/attr \{\n *dns/);
    expect(ownConnections(spec).map(({ name }) => name)).toEqual(["carol@example.com"]);
    expect(all[paths.pppOptions].content).toMatch(/^ms-dns 10\.20\.0\.53$/m);
  });

  test("nobody but the list comes in", () => {
    expect(all[paths.users].content).not.toMatch(/radius/);
    expect(all[paths.users].content.trim().split("\n")).toHaveLength(4);
  });

  test("one user more touches no file that something is started anew for", () => {
    const more = files({ ...spec, users: [...spec.users, { name: "dave" }] });
    expect(Object.keys(more).filter((at) => more[at].content !== all[at]?.content).sort()).toEqual([paths.radiusdUsers, paths.users].sort());
  });

  test("without accounting there are no books", () => {
    const quiet = files(exampleSpec({ radius: { ...own, accounting: false } }));
    expect(quiet[paths.radiusd].content).not.toMatch(/sql/);
    expect(quiet[paths.radiusBooks]).toBeUndefined();
    expect(quiet[paths.radiusdUnit].content).not.toMatch(/books/);
  });
});

/** Names and passwords that a gateway takes, out of hostile ones. */
function taken(pairs: [string, string][]): { users: UserSpec[]; passwords: Record<string, string> } {
  const users: UserSpec[] = [];
  const passwords: Record<string, string> = {};
  for (const [name, password] of pairs) {
    const one = exampleSpec({ l2tp: undefined, radius: own, users: [...users, { name }] });
    if (Object.hasOwn(passwords, name) || validateSpec(one, { passwords: { [name]: password } }).some(({ severity }) => severity === "error")) continue;
    users.push({ name });
    Object.defineProperty(passwords, name, { value: password, enumerable: true });
  }
  return { users, passwords };
}

test("whatever a name or a password holds, the file of users holds its key and its hash", () => {
  let carried = 0;
  fc.assert(
    fc.property(hostile, hostile, (name, password) => {
      const { users, passwords } = taken([[name, password]]);
      if (users.length === 0) return;
      carried++;
      const given = exampleSpec({ radius: own, users });
      const [entry, ...others] = readRadiusUsers(files(given, { ...exampleSecrets(given), passwords })[paths.radiusdUsers].content);
      expect(entry).toMatchObject({ key: radiusKey("l2tp", name), reply: [] });
      expect(entry.check).toMatch(/^NT-Password := 0x[0-9a-f]{32}$/);
      expect(others.map(({ key }) => key)).toEqual([radiusKey("ikev2", name)]);
    }),
    { numRuns: 1000 },
  );
  expect(carried).toBeGreaterThan(50);
});

(hasFreeradius ? describe : describe.skip)("FreeRADIUS itself", () => {
  const server = new Freeradius(21812);
  const { ports } = server;
  const secret = exampleSecrets(spec).radius?.[0] ?? "";
  const awkward: [string, string][] = [
    ["DEFAULT", "of DEFAULT"], ["$INCLUDE /etc/passwd", "of include"], ['quote"d', 'pass"word'], ["o'neil", "it's"], ["back\\slash", "back\\slash\\"], ["%{User-Name}", "%{md5:x}"],
    ["&User-Name", "&control:NT-Password"], ["${confdir}", "$ENV{HOME}"], ["a,b := c", "a,b := c"], ["# comment", "#"], ["bob@example.com", "0x00"], ["é漢😀", "é漢😀"], ["NONE", "none"],
  ];
  const { users, passwords } = taken([...awkward, ...fc.sample(fc.tuple(hostile, hostile), { numRuns: 400, seed: 8431 })]);
  const given = exampleSpec({
    radius: { servers: [{ host: "127.0.0.1" }], onGateway: {} },
    l2tp: { pool: "10.77.1.0/24", fixedPool: "10.77.3.0/24" },
    users: [{ name: "alice", l2tpAddress: "10.77.3.50", dns: ["10.20.0.54"] }, { name: "only-ikev2", protocols: ["ikev2"] }, ...users],
  });
  const known = Object.assign(Object.create(null) as Record<string, string>, { alice: "alice's own", "only-ikev2": "theirs" }, passwords);

  beforeAll(() => server.start(given, { ...exampleSecrets(given), passwords: known }), 20_000);
  afterAll(() => server.end());

  test("each of the hostile names comes in by either protocol, with its own password", async () => {
    expect(users.length).toBeGreaterThan(80);
    for (const { name } of users) {
      for (const [way, by] of [["ppp", byPpp], ["eap", byEap]] as const) {
        const { accepted } = await by(ports[1812], secret, name, passwords[name]).catch((error: Error) => ({ accepted: error.message }));
        expect([name, passwords[name], way, accepted]).toEqual([name, passwords[name], way, true]);
      }
    }
  }, 120_000);

  test("an answer has the fixed address, the user's own name server and the interval", async () => {
    const { attributes } = await byPpp(ports[1812], secret, "alice", known.alice);
    expect([...attributes["8"]]).toEqual([10, 77, 3, 50]);
    expect([...attributes["311.28"]]).toEqual([10, 20, 0, 54]);
    expect(attributes["85"].readUInt32BE()).toBe(300);
    const other = await byEap(ports[1812], secret, "alice", known.alice);
    expect([other.accepted, other.attributes["8"]]).toEqual([true, undefined]);
    // MS-MPPE-Recv-Key: what IKEv2 signs its authentication with.
    expect(other.attributes["311.17"].length).toBeGreaterThan(16);
  });

  // All at once: each is held back for a second.
  test("a wrong password, another's, another protocol, other capitals and a stranger are refused", async () => {
    const refused = await Promise.all([
      byPpp(ports[1812], secret, "alice", "wrong"),
      byEap(ports[1812], secret, "alice", "wrong"),
      byPpp(ports[1812], secret, "alice", known["only-ikev2"]),
      byPpp(ports[1812], secret, "only-ikev2", known["only-ikev2"]),
      byPpp(ports[1812], secret, "Alice", known.alice),
      byPpp(ports[1812], secret, "nobody", ""),
      byEap(ports[1812], secret, "nobody", ""),
    ]);
    expect(refused.map(({ accepted }) => accepted)).toEqual(refused.map(() => false));
  });

  test("the twin: that user comes in by the other protocol", async () => {
    expect((await byEap(ports[1812], secret, "only-ikev2", known["only-ikev2"])).accepted).toBe(true);
  });

  test("whoever does not know the secret gets no answer", async () => {
    await expect(byPpp(ports[1812], "another", "alice", known.alice)).rejects.toThrow(/no answer/);
  });

  test("users are read anew without a start, and whoever is in the middle of a log-in goes on", async () => {
    fs.appendFileSync(path.join(server.folder, "users"), `${radiusKey("l2tp", "dave")} NT-Password := 0x44ebba8d5312b8d611474411f56989ae\n`);
    const during = await byEap(ports[1812], secret, "alice", known.alice, async () => {
      server.reload();
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    expect(during.accepted).toBe(true);
    expect((await byPpp(ports[1812], secret, "dave", "clientPass")).accepted).toBe(true);
    expect(server.said.match(/Ready to process requests/g)).toHaveLength(1);
  });
});
