import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { utils } from "ssh2";
import { certRequest, isDue, locallySignedCert, selfSignedCert } from "../../../lab/plugins/tlsCertificates";
import { privateKey, readableKey } from "../../../lab/plugins/tlsKeys";
import type { Properties } from "../../../lab/plugins/values";
import { operation } from "./helpers";

const has = (program: string, argument: string): boolean => !spawnSync(program, [argument]).error;
const withOpenssl = has("openssl", "version") ? test : test.skip;
const withSshKeygen = has("ssh-keygen", "-?") ? test : test.skip;

let directory: string;
beforeAll(() => (directory = mkdtempSync(path.join(tmpdir(), "tls-"))));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: unknown): string {
  const where = path.join(directory, name);
  writeFileSync(where, String(content), { mode: 0o600 });
  return where;
}
const openssl = (...args: string[]): string => execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
const make = async (type: typeof privateKey, inputs: Properties): Promise<Properties> =>
  (await type.create({ ...type.defaults?.(inputs), ...inputs }, operation())).state;

const kinds: [string, Properties][] = [
  ["RSA 3072", { algorithm: "RSA", rsaBits: 3072 }],
  ["ECDSA P256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
  ["ECDSA P384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
  ["ECDSA P521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
  ["ED25519", { algorithm: "ED25519" }],
];

describe.each(kinds)("a private CA with %s keys", (name, kind) => {
  let caKey: Properties, ca: Properties, key: Properties, leaf: Properties;
  const id = name.replace(" ", "");

  beforeAll(async () => {
    caKey = await make(privateKey, kind);
    ca = await make(selfSignedCert, {
      privateKeyPem: caKey.privateKeyPem,
      subject: { commonName: 'CA, "of" #1+\\x\n=y', organization: "Lab", country: "CH" },
      isCaCertificate: true,
      validityPeriodHours: 24,
      allowedUses: ["cert_signing", "crl_signing"],
    });
    key = await make(privateKey, kind);
    const request = await make(certRequest, {
      privateKeyPem: key.privateKeyPem,
      subject: { commonName: "vpn.example.org" },
      dnsNames: ["vpn.example.org"],
      ipAddresses: ["192.0.2.1", "2001:db8::1"],
    });
    leaf = await make(locallySignedCert, {
      certRequestPem: request.certRequestPem,
      caCertPem: ca.certPem,
      caPrivateKeyPem: caKey.privateKeyPem,
      validityPeriodHours: 2,
      earlyRenewalHours: 1,
      allowedUses: ["digital_signature", "key_encipherment", "server_auth"],
      setSubjectKeyId: true,
    });
  });

  withOpenssl("signs what openssl verifies, for servers only", () => {
    const caFile = file(`${id}-ca.pem`, ca.certPem);
    const leafFile = file(`${id}-leaf.pem`, leaf.certPem);
    expect(openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", caFile, leafFile)).toContain(": OK");
    expect(() => openssl("verify", "-purpose", "sslclient", "-CAfile", caFile, leafFile)).toThrow();
  });

  withOpenssl("says in the certificate what was asked for", () => {
    const shown = openssl("x509", "-noout", "-text", "-in", file(`${id}-leaf.pem`, leaf.certPem));
    expect(shown).toContain("DNS:vpn.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1");
    expect(shown).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
    expect(shown).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
    expect(shown).toContain("CA:FALSE");
    expect(shown).toContain("X509v3 Authority Key Identifier");
    expect(shown).toContain("X509v3 Subject Key Identifier");
    const caShown = openssl("x509", "-noout", "-text", "-in", file(`${id}-ca.pem`, ca.certPem));
    expect(caShown).toMatch(/Basic Constraints: critical\s+CA:TRUE\n/);
    expect(caShown).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
  });

  withOpenssl("gives the key in PEM forms that openssl reads, all of the same key", () => {
    const publicOf = (pem: unknown) => openssl("pkey", "-pubout", "-in", file(`${id}-key.pem`, pem));
    expect(publicOf(key.privateKeyPem)).toBe(key.publicKeyPem);
    expect(publicOf(key.privateKeyPemPkcs8)).toBe(key.publicKeyPem);
  });

  withSshKeygen("gives the key in the form that OpenSSH reads", () => {
    const where = file(`${id}-ssh`, key.privateKeyOpenssh);
    const shown = execFileSync("ssh-keygen", ["-y", "-f", where], { encoding: "utf8" });
    expect(shown.trim()).toBe(String(key.publicKeyOpenssh).trim());
    const fingerprint = (hash: string) => execFileSync("ssh-keygen", ["-l", "-E", hash, "-f", where], { encoding: "utf8" });
    expect(fingerprint("sha256")).toContain(` ${key.publicKeyFingerprintSha256} `);
    expect(fingerprint("md5")).toContain(` MD5:${key.publicKeyFingerprintMd5} `);
  });
});

test("a key that ssh2 makes and cannot read is made again, and not without end", () => {
  const good = utils.generateKeyPairSync("ecdsa", { bits: 256 }).private;
  const broken = good.replace(/\n.{40}/, "\nAAAA");
  const made = [broken, broken, good];
  expect(readableKey(() => made.shift()!).openssh).toBe(good);
  expect(made).toEqual([]);
  expect(() => readableKey(() => broken)).toThrow();
});

test("a certificate is due from its early renewal on", () => {
  const state = { validityEndTime: "2030-01-01T10:00:00Z", earlyRenewalHours: 2 };
  expect(isDue(state, Date.parse("2030-01-01T07:59:59Z"))).toBe(false);
  expect(isDue(state, Date.parse("2030-01-01T08:00:00Z"))).toBe(true);
});

test("a CA key that does not belong to the CA's certificate is refused", async () => {
  const [one, other] = [await make(privateKey, { algorithm: "ED25519" }), await make(privateKey, { algorithm: "ED25519" })];
  const inputs = { subject: { commonName: "x" }, validityPeriodHours: 1, allowedUses: ["cert_signing"] };
  const ca = await make(selfSignedCert, { ...inputs, privateKeyPem: one.privateKeyPem, isCaCertificate: true });
  const request = await make(certRequest, { privateKeyPem: other.privateKeyPem, subject: { commonName: "y" } });
  await expect(
    make(locallySignedCert, {
      ...inputs,
      certRequestPem: request.certRequestPem,
      caCertPem: ca.certPem,
      caPrivateKeyPem: other.privateKeyPem,
    }),
  ).rejects.toThrow("caPrivateKeyPem is not the key of caCertPem");
});

test("a use that nobody knows is refused by name", () => {
  const inputs = { privateKeyPem: "x", validityPeriodHours: 1, allowedUses: ["server_auth", "everything"] };
  expect(selfSignedCert.refuse?.(inputs)).toEqual([
    { property: "allowedUses", reason: expect.stringContaining('"everything" is not one of digital_signature') },
  ]);
});

test("private keys are secret in every form", () => {
  expect(privateKey.secrets).toEqual(["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"]);
});
