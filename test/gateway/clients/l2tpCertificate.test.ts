import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import type { GatewaySpec, UserSpec } from "../../../gateway/spec";
import { authorityOf, issued } from "../certificates/helpers";
import { readIni, readKeyFile, readPowerShellVariables, readPppWords, readStrongswanConf } from "../formats/readers";
import { filesOf, readByPython, type Page } from "./helpers";

const signer = authorityOf("office VPN authority");
const credential = { ...issued(signer, "alice"), containerPassword: "canary-container-8431" };
const psk = "canary-of-the-pre-shared-key-8431";
const password = "canary-password-0-8431";

/** alice's files, who has a certificate for L2TP; nobody has the pre-shared key. */
function files(user: Partial<UserSpec> = {}, changes: Partial<GatewaySpec> = {}) {
  return filesOf(
    { l2tp: { pool: "10.77.1.0/24", certificates: true }, ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: "alice", authentication: "certificate", ...user }], ...changes },
    "alice",
    { preSharedKey: "", authority: signer.certificate, credentials: { alice: credential } },
  );
}
const both = files();
const alone = files({ protocols: ["l2tp"] });

/** A document whose shape the assertions themselves say. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Anything = any;

test("no file holds a pre-shared key or asks for one, though the gateway has one for others", () => {
  const beside = filesOf(
    { l2tp: { pool: "10.77.1.0/24", certificates: true }, ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: "alice", authentication: "certificate" }, { name: "bob" }] },
    "alice",
    { authority: signer.certificate, credentials: { alice: credential } },
  );
  for (const found of [both, alone, beside]) {
    for (const [path, content] of Object.entries(found)) expect([path, content.includes(psk), content.includes(Buffer.from(psk).toString("base64"))]).toEqual([path, false, false]);
    expect(found["instructions.html"]).not.toContain("Pre-shared key");
    expect(found["router.txt"]).not.toContain("Pre-shared key");
  }
});

test("which files there are: the certificate where L2TP's programs read it, and nothing of Apple's", () => {
  expect(Object.keys(alone).sort()).toEqual([
    "authority.crt",
    "certificate/office-legacy.p12",
    "certificate/office.p12",
    "instructions.html",
    "linux/l2tp/etc/ppp/ip-down.d/office-l2tp",
    "linux/l2tp/etc/ppp/ip-up.d/office-l2tp",
    "linux/l2tp/etc/ppp/options.office-l2tp",
    "linux/l2tp/etc/swanctl/conf.d/office-l2tp.conf",
    "linux/l2tp/etc/swanctl/private/office-l2tp.pem",
    "linux/l2tp/etc/swanctl/x509/office-l2tp.pem",
    "linux/l2tp/etc/swanctl/x509ca/office-l2tp.pem",
    "linux/l2tp/etc/xl2tpd/xl2tpd.conf",
    "linux/networkmanager/office-l2tp.nmconnection",
    "linux/networkmanager/office-user.key",
    "linux/networkmanager/office-user.pem",
    "router.txt",
    "windows/office-l2tp.ps1",
  ]);
  expect(Object.keys(both).filter((path) => path.startsWith("apple/"))).toEqual(["apple/office-ikev2.mobileconfig"]);
});

test("swanctl signs with the certificate and trusts the stack's authority alone; PPP has the password", () => {
  const { connections, secrets } = readStrongswanConf(both["linux/l2tp/etc/swanctl/conf.d/office-l2tp.conf"]) as Anything;
  const connection = connections["office-l2tp"];
  expect(connection).toMatchObject({ version: "1", send_cert: "always", local: { auth: "pubkey", certs: "office-l2tp.pem", id: "alice" }, remote: { auth: "pubkey", id: "192.0.2.11", cacerts: "office-l2tp.pem" } });
  expect([connection.children["office-l2tp"].mode, secrets]).toEqual(["transport", undefined]);
  expect(both["linux/l2tp/etc/swanctl/x509/office-l2tp.pem"]).toBe(credential.certificate);
  expect(both["linux/l2tp/etc/swanctl/private/office-l2tp.pem"]).toBe(credential.privateKey);
  expect(both["linux/l2tp/etc/swanctl/x509ca/office-l2tp.pem"].trim()).toBe(signer.certificate.trim());
  expect(readPppWords(both["linux/l2tp/etc/ppp/options.office-l2tp"])).toEqual(expect.arrayContaining([["user", "alice"], ["password", password]]));
  expect(readIni(both["linux/l2tp/etc/xl2tpd/xl2tpd.conf"])).toEqual(readIni(filesOf()["linux/l2tp/etc/xl2tpd/xl2tpd.conf"]));
});

test("NetworkManager's plugin is told where authority, certificate and key are", () => {
  const { vpn, "vpn-secrets": secrets } = readKeyFile(both["linux/networkmanager/office-l2tp.nmconnection"]);
  const folder = "/etc/NetworkManager/certificates";
  expect(vpn).toMatchObject({ "machine-auth-type": "tls", "machine-ca": `${folder}/office.pem`, "machine-cert": `${folder}/office-user.pem`, "machine-key": `${folder}/office-user.key`, "user-auth-type": "password", user: "alice" });
  expect([secrets, Object.keys(vpn).some((key) => key.includes("psk"))]).toEqual([{ password }, false]);
});

describe("Windows", () => {
  const script = alone["windows/office-l2tp.ps1"];
  const variables = readPowerShellVariables(script);
  test("imports the certificate and the authority into the machine's stores, and is told no key, so that it takes the certificate", () => {
    const opened = spawnSync("openssl", ["pkcs12", "-nodes", "-passin", `pass:${credential.containerPassword}`], { input: Buffer.from(variables.Container as string, "base64"), encoding: "utf8" }).stdout;
    expect(opened).toContain(credential.privateKey.trim());
    expect(variables.Thumbprint).toBe(new X509Certificate(credential.certificate).fingerprint.replaceAll(":", ""));
    expect(new X509Certificate(Buffer.from(variables.Authority as string, "base64")).fingerprint).toBe(new X509Certificate(signer.certificate).fingerprint);
    expect(variables).toMatchObject({ TunnelType: "L2tp", PreSharedKey: "" });
    expect(script).not.toMatch(/L2tpPsk/);
    expect(script).toContain("L2tpIPsecAuth -ne 'Certificate'");
    expect([script.includes(credential.containerPassword), script.includes(password)]).toEqual([false, false]);
  });
  test("asks for name and password once and keeps them, as PPP needs them, and minds the rule for NATs", () => {
    expect(script).toContain("RememberCredential = $true");
    expect(script).toContain("$given.AuthenticationMethod = 'MSChapv2'");
    expect(script).toContain("for a name, which is $User, and for the password");
    expect(script).toContain("AssumeUDPEncapsulationContextOnSendRule");
  });
  test("the certificate goes with the last of the two connections that need it", () => {
    for (const path of ["windows/office-ikev2.ps1", "windows/office-l2tp.ps1"]) {
      expect(both[path]).toContain("Set-ItemProperty -Path $OwnMark -Name 'Certificate' -Value $Thumbprint");
      expect(both[path]).toMatch(/\(Get-Value \$_\.PSPath 'Certificate'\) -eq \$Thumbprint[^\n]*\n[^\n]*\$needed\.Count -eq 0\) -and \(Test-Certificate\)\) \{ Remove-Item/);
    }
  });
  test("who has the key is given the script as ever", () => {
    expect(filesOf()["windows/office-l2tp.ps1"]).toMatch(/given\.L2tpPsk = \$PreSharedKey/);
    expect(filesOf()["windows/office-l2tp.ps1"]).not.toMatch(/Thumbprint =|Import-Pfx|L2tpIPsecAuth/);
  });
});

describe("the page", () => {
  const texts = (html: string) => readByPython<Page>("html", [html])[0].texts.map(([, text]) => text).join(" ");
  test("names the certificate's password beside the other, and says what Apple's devices cannot", () => {
    expect(texts(alone["instructions.html"])).toContain(credential.containerPassword);
    expect(texts(alone["instructions.html"])).toContain(password);
    expect(texts(alone["instructions.html"])).toContain("By L2TP these devices take no certificate. Ask whoever runs the VPN for IKEv2.");
    expect(texts(both["instructions.html"])).toContain("By L2TP these devices take no certificate. Use IKEv2.");
    expect(texts(files({}, { clients: ["linux", "windows"] })["instructions.html"])).not.toContain("these devices take no certificate");
    expect(texts(filesOf()["instructions.html"])).not.toContain("these devices take no certificate");
  });
  test("says where certificate and key go for NetworkManager, and that the script asks for the container's password", () => {
    const said = texts(alone["instructions.html"]);
    expect(said).toContain("sudo install -D -m 644 authority.crt /etc/NetworkManager/certificates/office.pem");
    expect(said).toContain("office-user.key /etc/NetworkManager/certificates/office-user.key");
    expect(said).toContain("The script asks for the password of the certificate (above).");
    expect(said).toContain("Enter your user name and password.");
  });
  test("a router's form is told of certificates on both sides", () => {
    expect(alone["router.txt"]).toMatch(/IPsec proved by[^\n]*certificates on both sides/);
    expect(alone["router.txt"]).toContain(credential.containerPassword);
  });
});

test("who is revoked has the page alone, and a certificate that is not there is an error", () => {
  expect(Object.keys(files({ revoked: true }))).toEqual(["instructions.html"]);
  expect(() => filesOf({ l2tp: { pool: "10.77.1.0/24", certificates: true }, ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: "alice", authentication: "certificate", protocols: ["l2tp"] }] })).toThrow('no certificate of the user "alice"');
});
