import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { SiteConnection, SshGateway, type SiteConnectionArgs } from "../../index";
import { isSecretInput } from "./previews";
import { ofType, registered, settled, textOf, valueOf } from "./mocks";
import { recordWithRealKeys } from "./realKeys";

const device = { endpoint: "192.0.2.70", identity: "branch.example.net", networks: ["10.40.0.0/24"] };

async function made(changes: Partial<SiteConnectionArgs> = {}) {
  await recordWithRealKeys();
  const office = new SshGateway("office", {
    connection: { host: "198.51.100.7", privateKey: "PRIVATE-office", hostKey: "ssh-ed25519 AAAAhost" },
    insideNetworks: ["10.20.0.0/24"], users: [], ikev2: { enabled: false }, sites: { enabled: true, revocation: true }, administrators: ["203.0.113.0/24"],
  });
  const connection = new SiteConnection("office-to-branch", { left: office.site, authentication: "certificate", device, ...changes });
  const text = await valueOf(connection.deviceConfiguration);
  await settled();
  const pushes = ofType("command:remote:Command");
  const readable = textOf(pushes.get("office-to-branch-left-site-office-to-branch")!.stdin);
  return { connection, text, readable, pushes };
}

/** Blocks of PEM in a text; a part has the file's path before each line. */
const blocks = (text: string, label: string) =>
  [...text.replace(/^.* \| /gm, "").matchAll(new RegExp(`-----BEGIN ${label}-----[\\s\\S]*?-----END ${label}-----\n`, "g"))].map(([block]) => block);

function verified(authority: string, list: string, certificate: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "site-device-"));
  try {
    for (const [name, pem] of Object.entries({ authority, list, certificate })) fs.writeFileSync(path.join(folder, name), pem);
    const { stdout, stderr } = spawnSync("openssl", ["verify", "-CAfile", "authority", "-CRLfile", "list", "-crl_check", "certificate"], { cwd: folder, encoding: "utf8" });
    return stdout + stderr;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test("the connection's authority signs one for the device, which is in its text; the gateway gets the list", async () => {
  const { connection, text, readable, pushes } = await made();
  const [list] = blocks(readable, "X509 CRL");
  const [certificate] = blocks(text.slice(text.indexOf("branch.pem")), "CERTIFICATE");
  const [authority] = blocks(text, "CERTIFICATE");
  expect(new X509Certificate(certificate).subjectAltName).toBe("DNS:branch.example.net");
  expect(verified(authority, list, certificate)).toMatch(/certificate: OK/);
  expect(text).toContain("BEGIN PRIVATE KEY");
  expect(readable).not.toContain("PRIVATE KEY");
  expect(isSecretInput(pushes.get("office-to-branch-left-sitekey-office-to-branch")!.stdin)).toBe(true);
  expect(await pulumi.isSecret(connection.deviceConfiguration)).toBe(true);
  expect(registered.some(({ type }) => type.startsWith("random:"))).toBe(false);
  // The same state says the same again: no change.
  expect((await made()).readable).toBe(readable);
});

test("revoked: its serial number is on the list, and the connection's text is another", async () => {
  const before = await made();
  const { text, readable } = await made({ device: { ...device, revoked: true, revokedSerials: ["0a:0B"] } });
  const [list] = blocks(readable, "X509 CRL");
  const [certificate] = blocks(text.slice(text.indexOf("branch.pem")), "CERTIFICATE");
  expect(verified(blocks(text, "CERTIFICATE")[0], list, certificate)).toMatch(/certificate revoked/);
  expect(readable).toContain("Certificates that hold no longer: the device's own, 0a:0B.");
  expect(before.readable).toContain("Certificates that hold no longer: none.");
});

test("a device with an authority of its own: no certificate is made for it, and the gateway trusts that authority alone", async () => {
  const authority = fs.readFileSync(path.join(__dirname, "../gateway/clients/authority.pem"), "utf8");
  const { text, readable } = await made({ device: { ...device, authority } });
  expect(registered.map(({ name }) => name).filter((name) => name.includes("-right-") || name.includes("revocation"))).toEqual([]);
  expect(blocks(readable, "CERTIFICATE").map((pem) => new X509Certificate(pem).fingerprint256)).toContain(new X509Certificate(authority).fingerprint256);
  expect(blocks(readable, "X509 CRL")).toEqual([]);
  expect(text).not.toContain("PRIVATE KEY");
  expect(new X509Certificate(blocks(text, "CERTIFICATE")[0]).subject).toBe("CN=office-to-branch site authority");
});
