import { spawn, spawnSync, type ChildProcess } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { ntHash } from "../../gateway/ntHash";
import { paths } from "../../gateway/platforms";
import { renderReadableParts, renderSecretParts } from "../../gateway/renderBundle";
import { runFolder, stateFolder } from "../../gateway/render/radiusFolders";
import type { DirectorySpec, GatewaySpec } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { readUnit } from "./formats/readers";
import { byEap, byPpp } from "./radiusClient";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const certificate = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----";
const own: DirectorySpec = { url: "ldaps://directory.example.com", bindDn: "cn=vpn,dc=example,dc=com", base: "ou=people,dc=example,dc=com" };
const withDirectory = (changes: object, more: Partial<GatewaySpec> = {}) => exampleSpec({ radius: { servers: [{ host: "127.0.0.1" }], onGateway: { directory: { ...own, ...changes } } }, ...more });

function problems(changes: object, password: string | undefined = "of the directory", more: Partial<GatewaySpec> = {}): string[] {
  return validateSpec(withDirectory(changes, more), { passwords: {}, ...(password === "" ? {} : { radiusDirectory: password }) }).map(({ severity, path: at, message }) => `${severity} ${at}: ${message}`);
}

function files(of: GatewaySpec): Record<string, { content: string; mode: number; part: string }> {
  const parts = [...renderReadableParts(of), ...renderSecretParts(of, exampleSecrets(of))];
  return Object.fromEntries(parts.flatMap(({ name, files: all }) => all.map(({ path: at, content, mode }) => [at, { content, mode, part: name }])));
}

test("a URL, whom to ask as, and where users are is all that is needed; then nobody has to be on the list", () => {
  expect(problems({})).toEqual([]);
  expect(problems({}, undefined, { users: [] })).toEqual([]);
  expect(problems({ url: "ldap://[2001:db8::1]:3389", filter: "(&(a=b)(!(c=d)))", nameAttribute: "sAMAccountName", hashAttribute: "ipaNTHash", authority: certificate })).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ["a URL of another kind", { url: "https://directory.example.com" }, /^error radius\.onGateway\.directory\.url: is not ldaps/],
  ["a URL with more in it", { url: "ldaps://directory.example.com/dc=com?uid" }, /directory\.url/],
  ["a host that is none", { url: "ldaps://-bad-" }, /directory\.url/],
  ["a port that is none", { url: "ldaps://directory.example.com:70000" }, /directory\.url/],
  ["a name that is no DN", { bindDn: "vpn" }, /directory\.bindDn: is not a distinguished name/],
  ["a DN that would be expanded", { base: "ou=%{User-Name},dc=example" }, /directory\.base: holds one of/],
  ["a DN with a backslash", { bindDn: "cn=a\\,b,dc=example" }, /directory\.bindDn: holds one of/],
  ["an attribute that is none", { hashAttribute: "a)(b" }, /directory\.hashAttribute: is not the name of an attribute/],
  ["a filter without brackets", { filter: "a=b" }, /directory\.filter: is not a filter/],
  ["two filters", { filter: "(a=b)(c=d)" }, /directory\.filter/],
  ["a filter that closes more than it opens", { filter: "(a=b))(|(c=d)" }, /directory\.filter/],
  ["a filter that would be expanded", { filter: "(a=%{User-Name})" }, /directory\.filter/],
  ["no TLS", { url: "ldap://10.20.0.30", tls: false }, /^warning radius\.onGateway\.directory\.tls: lets everybody on the way read the password by which it is asked/m],
  ["ldaps without TLS", { tls: false }, /^error radius\.onGateway\.directory\.tls: is at odds/m],
  ["an authority that is none", { authority: "x" }, /directory\.authority: is not a certificate in PEM/],
])("%s is found", (_, changes, expected) => {
  expect(problems(changes).join("\n")).toMatch(expected);
});

test("a password that is missing or that the format cannot carry is refused, and never shown", () => {
  expect(problems({}, "")).toEqual(["error radius.onGateway.directory.password: is missing"]);
  for (const bad of ['canary"x', "canary\\x", "canary$x", "canary%x", "canary\nx"]) {
    expect(problems({}, bad).join()).toMatch(/password: holds one of/);
    expect(problems({}, bad).join()).not.toMatch(/canary/);
  }
  expect(problems({}, "canary #{x} ' x")).toEqual([]);
});

describe("what is rendered", () => {
  const spec = goldenSpecs["radius-own-directory"];
  const all = files(spec);

  test("its password is in one file of root's alone", () => {
    expect(all[paths.radiusdDirectory]).toMatchObject({ mode: 0o600, part: "identity" });
    expect(Object.entries(all).filter(([, { content }]) => content.includes("canary #{of} the directory")).map(([at]) => at)).toEqual([paths.radiusdDirectory]);
  });

  test("the list goes before it, and whoever is on neither is nobody's", () => {
    expect(all[paths.radiusd].content).toMatch(/files\n(?: *#.*\n)* *if \(noop\) \{\n *ldap\n *pap\n *\}\n *mschap/);
    expect(JSON.parse(all[paths.users].content.trim().split("\n").at(-1)!)).toEqual({ radius: ["l2tp", "ikev2"], own: true });
    expect(renderReadableParts(spec)[0].packages).toEqual(expect.arrayContaining(["freeradius", "freeradius-ldap", "ca-certificates"]));
  });

  test("it is known by its certificate, or by the word of who said that it need not", () => {
    const conf = (changes: object) => files(withDirectory(changes))[paths.radiusdDirectory].content;
    expect(conf({})).toMatch(/start_tls = no\n *ca_file = "\/etc\/ssl\/certs\/ca-certificates\.crt"\n *require_cert = "demand"/);
    expect(conf({ url: "ldap://10.20.0.30", authority: certificate })).toMatch(/server = "ldap:\/\/10\.20\.0\.30:389"[\s\S]*start_tls = yes\n *ca_file = "\/run\/vpn-gateway-radius\/directory-authority\.pem"/);
    expect(conf({ url: "ldap://10.20.0.30", tls: false })).not.toMatch(/tls/);
  });

  test("of a directory by address nobody else is spoken with", () => {
    const unit = (changes: object) => readUnit(files(withDirectory(changes))[paths.radiusdUnit].content).map(([, key, value]) => `${key}=${value}`);
    expect(unit({ url: "ldaps://10.20.0.30" })).toEqual(expect.arrayContaining(["IPAddressDeny=any", "IPAddressAllow=localhost 10.20.0.30"]));
    expect(unit({}).some((line) => line.startsWith("IPAddress"))).toBe(false);
  });
});

// From Debian's packages slapd and freeradius-ldap, installed or unpacked below this folder.
const prefix = process.env.LDAP_PREFIX ?? "";
const [slapd, driver] = [`${prefix}/usr/sbin/slapd`, `${prefix}/usr/lib/freeradius/rlm_ldap.so`];
const there = [slapd, driver].every((file) => fs.existsSync(file)) && spawnSync("freeradius", ["-v"]).status === 0;

(there ? describe : describe.skip)("FreeRADIUS and OpenLDAP themselves", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "directory-"));
  const ports = { 1812: 22812 + (process.pid % 1000), 1813: 32813 + (process.pid % 1000), ldaps: 42813 + (process.pid % 1000) };
  const secret = exampleSecrets(goldenSpecs["radius-own-directory"]).radius![0];
  const passwords = { rita: "rita's own", fred: "fred's own", tina: "tina's own" };
  const environment = { ...process.env, LD_LIBRARY_PATH: `${prefix}/usr/lib/x86_64-linux-gnu:${prefix}/lib/x86_64-linux-gnu` };
  const running: ChildProcess[] = [];
  let said = "";

  const entry = (name: string, hash: string, kind: string) =>
    `dn: cn=${name},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nobjectClass: withHash\ncn: ${name}\nsn: ${name}\nuid: ${name}\nemployeeType: ${kind}\n${hash}\n`;

  function directory(): void {
    const schema = `${prefix}/etc/ldap/schema`;
    fs.mkdirSync(path.join(folder, "db"));
    const openssl = (...words: string[]) => {
      const done = spawnSync("openssl", words, { cwd: folder });
      expect([done.status, done.status === 0 ? "" : done.stderr.toString()]).toEqual([0, ""]);
    };
    const key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    fs.writeFileSync(path.join(folder, "extensions"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n");
    openssl(...key, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem");
    openssl(...key, "-subj", "/CN=directory", "-keyout", "server.key", "-out", "server.csr");
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions", "-out", "server.pem");
    const conf = [
      ...["core", "cosine", "inetorgperson"].map((name) => `include ${schema}/${name}.schema`),
      "attributetype ( 1.3.6.1.4.1.7165.2.1.25 NAME 'sambaNTPassword' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{32} SINGLE-VALUE )",
      "attributetype ( 2.16.840.1.113730.3.8.18.1.1 NAME 'ipaNTHash' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )",
      "objectclass ( 1.3.6.1.4.1.99999.1 NAME 'withHash' SUP top AUXILIARY MAY ( sambaNTPassword $ ipaNTHash ) )",
      `pidfile ${folder}/pid`, `modulepath ${prefix}/usr/lib/ldap`, "moduleload back_mdb",
      `TLSCertificateFile ${folder}/server.pem`, `TLSCertificateKeyFile ${folder}/server.key`,
      "database mdb", 'suffix "dc=example,dc=com"', `directory ${folder}/db`,
      'access to attrs=sambaNTPassword,ipaNTHash by dn.exact="cn=vpn,dc=example,dc=com" read by * none',
      'access to attrs=userPassword by anonymous auth by * none',
      'access to * by dn.exact="cn=vpn,dc=example,dc=com" read by * none', "",
    ];
    fs.writeFileSync(path.join(folder, "slapd.conf"), conf.join("\n"));
    const hex = (name: keyof typeof passwords) => `sambaNTPassword: ${ntHash(passwords[name]).toString("hex").toUpperCase()}`;
    const data = [
      "dn: dc=example,dc=com\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n",
      "dn: cn=vpn,dc=example,dc=com\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: vpn\nuserPassword: canary #{of} the directory 8431\n",
      "dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n",
      entry("rita", hex("rita"), "vpn"), entry("fred", `ipaNTHash:: ${ntHash(passwords.fred).toString("base64")}`, "vpn"), entry("tina", hex("tina"), "other"),
      entry("alice", hex("tina"), "vpn"), // who is on the gateway's list, too, with another password
    ];
    fs.writeFileSync(path.join(folder, "data.ldif"), data.join("\n"));
    const added = spawnSync(`${prefix}/usr/sbin/slapadd`, ["-f", path.join(folder, "slapd.conf"), "-l", path.join(folder, "data.ldif")], { env: environment });
    expect(added.stderr.toString() + String(added.status)).toMatch(/0$/);
  }

  function start(program: string, words: string[], ready: string): Promise<void> {
    const server = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], env: environment });
    running.push(server);
    let own = "";
    for (const stream of [server.stdout, server.stderr]) stream.on("data", (text: Buffer) => ((own += text.toString()), (said += text.toString())));
    return new Promise((resolve, reject) => {
      const began = Date.now();
      const timer = setInterval(() => {
        if (own.includes(ready)) resolve();
        else if (Date.now() - began > 15_000) reject(new Error(own));
        else return;
        clearInterval(timer);
      }, 50);
    });
  }

  /** FreeRADIUS with this directory, anew. */
  async function ask(changes: object): Promise<void> {
    const spec = withDirectory({ url: `ldaps://127.0.0.1:${ports.ldaps}`, filter: "(employeeType=vpn)", authority: fs.readFileSync(path.join(folder, "ca.pem"), "utf8"), ...changes }, { users: [{ name: "alice" }] });
    for (const [at, { content }] of Object.entries(files(spec))) {
      if (!at.startsWith(path.dirname(paths.radiusd))) continue;
      const here = content.replaceAll(runFolder, folder).replaceAll(stateFolder, folder).replace(/port = (1812|1813)/g, (_, port: "1812" | "1813") => `port = ${ports[port]}`).replace('"/usr/lib/freeradius"', `"${folder}/lib"`);
      fs.writeFileSync(path.join(folder, path.basename(at)), here);
    }
    running.splice(1).forEach((server) => server.kill("SIGKILL"));
    await start("freeradius", ["-f", "-l", "stdout", "-d", folder], "Ready to process requests");
  }

  beforeAll(async () => {
    fs.mkdirSync(path.join(folder, "lib"));
    for (const name of fs.readdirSync("/usr/lib/freeradius")) fs.symlinkSync(`/usr/lib/freeradius/${name}`, path.join(folder, "lib", name));
    if (!fs.existsSync(path.join(folder, "lib", "rlm_ldap.so"))) fs.symlinkSync(driver, path.join(folder, "lib", "rlm_ldap.so"));
    fs.writeFileSync(path.join(folder, "dictionary"), "");
    directory();
    await start(slapd, ["-f", path.join(folder, "slapd.conf"), "-h", `ldaps://127.0.0.1:${ports.ldaps}`, "-d", "256"], "slapd starting");
    await ask({});
  }, 40_000);

  afterAll(() => {
    running.forEach((server) => server.kill("SIGKILL"));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const both = async (name: string, password: string) => (await Promise.all([byPpp(ports[1812], secret, name, password), byEap(ports[1812], secret, name, password)])).map(({ accepted }) => accepted);

  test("who has a hash of Samba's comes in by both protocols, and the keys for IKEv2 come with it", async () => {
    expect(await both("rita", passwords.rita)).toEqual([true, true]);
    expect((await byEap(ports[1812], secret, "rita", passwords.rita)).attributes["311.17"].length).toBeGreaterThan(16);
  });

  test("a wrong password, a stranger, who the filter leaves out, and names that would be filters are refused", async () => {
    for (const [name, password] of [["rita", "wrong"], ["nobody", "x"], ["tina", passwords.tina], ["*", passwords.rita], ["rita)(uid=*", passwords.rita], ["rit*", passwords.rita]]) expect([name, ...(await both(name, password))]).toEqual([name, false, false]);
  }, 30_000);

  test("of a name that is on the list the list's password counts, and not the directory's", async () => {
    expect(await both("alice", exampleSecrets(exampleSpec()).passwords.alice)).toEqual([true, true]);
    expect(await both("alice", passwords.tina)).toEqual([false, false]);
  });

  test("a hash of FreeIPA's lets in, too", async () => {
    await ask({ hashAttribute: "ipaNTHash", nameAttribute: "cn" });
    expect(await both("fred", passwords.fred)).toEqual([true, true]);
    expect(await both("fred", "wrong")).toEqual([false, false]);
  }, 30_000);

  test("a directory whose certificate another authority signed is told nothing; the list comes in as ever", async () => {
    const other = spawnSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=another", "-days", "2", "-keyout", "/dev/null"]).stdout.toString();
    await ask({ authority: other });
    said = "";
    expect(await both("rita", passwords.rita)).toEqual([false, false]);
    expect(said).toMatch(/rlm_ldap \(ldap\): (?:Bind with|Could not start TLS|Opening connection failed)/);
    expect(await both("alice", exampleSecrets(exampleSpec()).passwords.alice)).toEqual([true, true]);
  }, 40_000);

  test("a directory that stands still keeps nobody of the list out", async () => {
    await ask({});
    running[0].kill("SIGSTOP");
    const waits = byPpp(ports[1812], secret, "rita", passwords.rita).catch((error: Error) => ({ accepted: error.message }));
    expect(await both("alice", exampleSecrets(exampleSpec()).passwords.alice)).toEqual([true, true]);
    expect((await waits).accepted).not.toBe(true);
    running[0].kill("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await both("rita", passwords.rita)).toEqual([true, true]);
  }, 40_000);
});
