import { X509Certificate } from "crypto";
import { isrgRootX1, letsEncrypt } from "../../gateway/certificates/letsEncrypt";
import { renderAcmeClient } from "../../gateway/render/acme";
import { renderBundle } from "../../gateway/renderBundle";
import type { AcmeSpec, GatewaySpec } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { readStrongswanConf, type Tree } from "./formats/readers";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const acme: AcmeSpec = { directory: letsEncrypt, termsAgreed: true, root: isrgRootX1 };
const spec = (changes: Partial<AcmeSpec> = {}, others: Partial<GatewaySpec> = {}) =>
  exampleSpec({ endpoint: "vpn.example.com", ikev2: { pool: "10.77.2.0/24", acme: { ...acme, ...changes } }, ...others });
const parts = (of: GatewaySpec) => renderBundle(of, exampleSecrets(of)).parts;
const file = (of: GatewaySpec, path: string) => parts(of).flatMap(({ files }) => files).find((one) => one.path === path)?.content ?? "";
const errors = (of: GatewaySpec) => validateSpec(of).filter(({ severity }) => severity === "error").map(({ path, value, message }) => `${path}${value === undefined ? "" : ` (${value})`}: ${message}`);

describe("a certificate of a public CA", () => {
  test("comes before the stack's own in every connection of IKEv2, and the stack's stays for who asks for it", () => {
    const golden = goldenSpecs.acme;
    for (const path of ["/etc/swanctl/conf.d/vpn-gateway.conf", "/etc/swanctl/conf.d/vpn-gateway.users.conf"]) {
      const { connections } = readStrongswanConf(file(golden, path)) as Record<string, Record<string, Record<string, Tree>>>;
      const served = Object.entries(connections).filter(([name]) => name.startsWith("ikev2"));
      expect(served.length).toBeGreaterThan(0);
      for (const [, connection] of served) expect(connection.local).toEqual({ auth: "pubkey", certs: "vpn-gateway-acme.pem, vpn-gateway.pem", id: "vpn.example.com" });
    }
    expect(parts(golden)[0].files.map(({ path }) => path)).toEqual(expect.arrayContaining(["/etc/swanctl/x509/vpn-gateway.pem", "/etc/swanctl/private/vpn-gateway.pem"]));
  });
  test("nobody but the stack's authority vouches for a user, though the CA's intermediate is loaded", () => {
    const { connections } = readStrongswanConf(file(goldenSpecs.acme, "/etc/swanctl/conf.d/vpn-gateway.users.conf")) as Record<string, Record<string, Record<string, Tree>>>;
    const remotes = Object.values(connections).map(({ remote }) => remote as Record<string, string>);
    expect(remotes.map(({ cacerts }) => cacerts)).toEqual(remotes.map(() => "vpn-gateway.pem"));
  });
  test("port 80 has a rule that lets in what is in a set that is empty and forgets", () => {
    const rules = file(spec(), "/etc/vpn-gateway/firewall.nft");
    expect(rules).toMatch(/set acme_ports \{\n {4}type inet_service\n {4}flags dynamic\n {4}timeout 900s\n/);
    expect(rules.match(/tcp dport.*\b80\b/g)).toBeNull();
    expect(rules.split("\n").filter((line) => line.includes("acme_ports"))).toEqual(["  set acme_ports {", "    tcp dport @acme_ports accept"]);
  });
  test("brings the client, and a timer that is a service of the part", () => {
    const [, base] = parts(spec());
    expect([base.packages.includes("dehydrated"), base.services.includes("vpn-gateway-acme.timer"), base.services.includes("vpn-gateway-acme.service")]).toEqual([true, true, false]);
    expect(JSON.parse(file(spec(), "/etc/vpn-gateway/acme.json"))).toEqual({ name: "vpn.example.com", directory: letsEncrypt });
    expect(file(spec(), "/etc/systemd/system/vpn-gateway-acme.timer")).toMatch(/RandomizedDelaySec=1min/);
    const unit = file(spec(), "/etc/systemd/system/vpn-gateway-acme.service");
    for (const line of ["ProtectSystem=strict", "NoNewPrivileges=yes", "PrivateTmp=yes", "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_BIND_SERVICE"]) expect(unit.split("\n")).toContain(line);
    expect(unit).not.toContain("ProtectSystem=full");
  });
  test("asks for an RSA key, by HTTP-01, and trusts the machine's store or the authority that is given", () => {
    const conf = file(spec({ email: "admin@example.com" }), "/etc/vpn-gateway/acme.conf").split("\n");
    expect(conf).toEqual(expect.arrayContaining(['KEY_ALGO="rsa"', 'KEYSIZE="3072"', 'CHALLENGETYPE="http-01"', `CA="${letsEncrypt}"`, 'CONTACT_EMAIL="admin@example.com"', 'CURL_OPTS="--connect-timeout 20 --max-time 90"']));
    const own = spec({ directory: "https://ca.example.net:14000/dir", directoryAuthority: isrgRootX1 });
    expect(file(own, "/etc/vpn-gateway/acme.conf")).toContain('CURL_OPTS="--cacert /etc/vpn-gateway/acme-directory.pem ');
    expect(file(own, "/etc/vpn-gateway/acme-directory.pem")).toBe(isrgRootX1);
  });
  test("what a shell would expand never reaches dehydrated's configuration", () => {
    for (const directory of ["https://x/$(id)", "https://x/`id`", 'https://x/";id', "https://x/\\n"]) expect(() => renderAcmeClient(spec(), { ...acme, directory })).toThrow("would expand");
    expect(() => renderAcmeClient(spec(), { ...acme, email: "$HOME@example.com" })).toThrow("would expand");
  });
  test("without it nothing of it is there", () => {
    expect(JSON.stringify(parts(exampleSpec()))).not.toContain("acme");
  });
});

describe("what cannot be", () => {
  test("is said all at once, with the value, and never a key's", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMIIcanary\n-----END PRIVATE KEY-----\n";
    const pair = { ...goldenSpecs["pair-floating"].pair! };
    const found = errors(spec({ email: "admin@localhost", directory: "http://ca.example.net/dir", termsAgreed: false, root: key, directoryAuthority: "none" }, { endpoint: "192.0.2.11", pair }));
    expect(found.filter((text) => /endpoint|acme/.test(text))).toEqual([
      'endpoint ("192.0.2.11"): is an address, for which ikev2.acme gets no certificate',
      "ikev2.acme.termsAgreed (false): nobody has agreed to the CA's terms",
      'ikev2.acme.email ("admin@localhost"): is no e-mail address of letters, digits, `.`, `_` and `-`',
      'ikev2.acme.directory ("http://ca.example.net/dir"): is not an https: URL',
      "ikev2.acme.directoryAuthority: is no certificate in PEM",
      "ikev2.acme.root: holds a private key",
      "ikev2.acme: cannot be had by a pair: the CA asks for the name at one machine, which may be the other",
    ]);
    expect(JSON.stringify(found)).not.toContain("canary");
  });
  test.each([
    ["a name without a dot", {}, { endpoint: "gateway" }, /endpoint \("gateway"\): is neither/],
    ["a name that no public CA knows", {}, { endpoint: "vpn.lan" }, /endpoint \("vpn.lan"\): is no name that a public CA knows/],
    ["capital letters", {}, { endpoint: "VPN.example.com" }, /capital letters/],
    ["no URL", { directory: "letsencrypt" }, {}, /directory \("letsencrypt"\): is no URL/],
    ["a password in the URL", { directory: "https://a:secret8431@ca.example.net/" }, {}, /directory: holds a user or a password/],
    ["what a shell expands", { directory: "https://ca.example.net/$(id)" }, {}, /directory .*: holds other characters/],
    ["no root for swanctl", { root: undefined }, {}, /root: is missing/],
    ["an e-mail address with more in it", { email: 'a"b@example.com' }, {}, /email/],
    ["SSH on the port", {}, { sshPort: 80 }, /sshPort \(80\): is the port that the CA asks at/],
  ])("%s", (_what, changes, others, expected) => {
    const found = errors(spec(changes, others));
    expect(found).toEqual([expect.stringMatching(expected)]);
    expect(found.join()).not.toContain("8431");
  });
  test.each([
    ["as it is", {}, {}],
    ["a private CA for a private name", { directory: "https://ca.lan:14000/dir" }, { endpoint: "vpn.lan" }],
    ["no root where nobody needs it", { root: undefined }, { clients: ["windows", "apple", "android"] as GatewaySpec["clients"] }],
  ])("twin: %s is good", (_what, changes, others) => expect(errors(spec(changes, others))).toEqual([]));
});

test("Let's Encrypt's root is an authority of its own that holds until 2035", () => {
  const root = new X509Certificate(isrgRootX1);
  expect([root.ca, root.subject, root.verify(root.publicKey), root.validTo]).toEqual([true, "C=US\nO=Internet Security Research Group\nCN=ISRG Root X1", true, "Jun  4 11:04:38 2035 GMT"]);
  expect(root.fingerprint256).toMatch(/^96:BC:EC:06:.*:BD:DF:08:C6$/);
});
