import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { SiteConnection, SshGateway, type SiteConnectionArgs } from "../../index";
import { ofType, registered, settled, textOf, valueOf } from "./mocks";
import { recordWithRealKeys, state } from "./realKeys";

const name = "office-to-cloud";

async function made(changes: Partial<SiteConnectionArgs> = {}, room: [boolean, boolean] = [true, true]) {
  await recordWithRealKeys();
  const gateway = (called: string, host: string, network: string, revocation: boolean) =>
    new SshGateway(called, {
      connection: { host, privateKey: `PRIVATE-${called}`, hostKey: "ssh-ed25519 AAAAhost" },
      insideNetworks: [network], users: [], ikev2: { enabled: false }, sites: { enabled: true, revocation }, administrators: ["203.0.113.0/24"],
    });
  const [left, right] = [gateway("office", "198.51.100.7", "10.20.0.0/24", room[0]), gateway("cloud", "192.0.2.20", "10.30.0.0/24", room[1])];
  const connection = new SiteConnection(name, { left: left.site, right: right.site, authentication: "certificate", ...changes });
  await valueOf(connection.deviceConfiguration);
  await settled();
  const pushes = ofType("command:remote:Command");
  const part = (side: string) => textOf(pushes.get(`${name}-${side}-site-${name}`)!.stdin);
  return { left: part("left"), right: part("right") };
}

/** The authority as the state has it: key and certificate of the provider's. */
function inState(): { privateKey: string; certificate: string } {
  const found = (suffix: string) => [...state].find(([key]) => JSON.parse(key)[0] === `${name}-${suffix}`)![1];
  return { privateKey: found("authority-key").privateKeyPemPkcs8 as string, certificate: found("authority").certPem as string };
}

/** Blocks of PEM in a part, which has the file's path before each line. */
const blocks = (text: string, label: string) =>
  [...text.replace(/^.* \| /gm, "").matchAll(new RegExp(`-----BEGIN ${label}-----[\\s\\S]*?-----END ${label}-----\n`, "g"))].map(([block]) => block);
const certificateOf = (part: string) => blocks(part, "CERTIFICATE").find((pem) => !new X509Certificate(pem).ca)!;
const authorityOf = (part: string) => blocks(part, "CERTIFICATE").find((pem) => new X509Certificate(pem).ca)!;

/** What openssl says of a certificate, by what the judging end has. */
function judged(by: string, certificate: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "site-revocation-"));
  try {
    for (const [file, pem] of Object.entries({ authority: authorityOf(by), list: blocks(by, "X509 CRL")[0], certificate })) fs.writeFileSync(path.join(folder, file), pem);
    const { stdout, stderr } = spawnSync("openssl", ["verify", "-CAfile", "authority", "-CRLfile", "list", "-crl_check", "certificate"], { cwd: folder, encoding: "utf8" });
    return stdout + stderr;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test("both ends get the authority's list, without which nobody comes in, and the same state says the same again", async () => {
  const { left, right } = await made();
  expect(judged(left, certificateOf(right))).toMatch(/certificate: OK/);
  expect(judged(right, certificateOf(left))).toMatch(/certificate: OK/);
  for (const part of [left, right]) expect(part).toMatch(/# Certificates that hold no longer: none\.\n.*revocation = strict/);
  expect(left + right).not.toContain("PRIVATE KEY");
  expect(await made()).toEqual({ left, right });
});

test("the right end's is revoked: its serial number is on the list, the left end makes its tunnel anew, and the left end's own goes on", async () => {
  const before = await made();
  const { left, right } = await made({ rightRevoked: true });
  expect(certificateOf(right)).toBe(certificateOf(before.right));
  expect(judged(left, certificateOf(right))).toMatch(/certificate revoked/);
  expect(judged(right, certificateOf(left))).toMatch(/certificate: OK/);
  expect(left).toContain("Certificates that hold no longer: the right end's own.");
  expect(right).toContain("Certificates that hold no longer: none.");
});

test("a serial number that was: both ends look at it, and a new certificate is let in", async () => {
  const before = await made();
  const old = certificateOf(before.right);
  // What `pulumi up --replace` of the request and its key makes of them.
  for (const key of [...state.keys()]) if (/right-(key|request|certificate)/.test(key)) state.delete(key);
  const { left, right } = await made({ revokedSerials: [new X509Certificate(old).serialNumber.toLowerCase()] });
  expect(certificateOf(right)).not.toBe(old);
  expect(judged(left, old)).toMatch(/certificate revoked/);
  expect(judged(left, certificateOf(right))).toMatch(/certificate: OK/);
  for (const part of [left, right]) expect(part).toContain(`Certificates that hold no longer: ${new X509Certificate(old).serialNumber.toLowerCase()}.`);
});

test("a gateway that looks at no list is as it was, and nothing is revoked by it", async () => {
  const { left, right } = await made({}, [true, false]);
  expect(blocks(left, "X509 CRL")).toHaveLength(1);
  expect(blocks(right, "X509 CRL")).toEqual([]);
  expect(right).not.toContain("revocation");
  expect((await made({}, [false, false])).left).not.toContain("revocation");
});

test("the list's dates are remembered, so that it is made anew in its last 90 days of 825", async () => {
  await made();
  const dates = registered.find(({ name: called }) => called === `${name}-revocation-list-dates`)!;
  expect(dates.inputs).toMatchObject({ validityPeriodHours: 825 * 24, earlyRenewalHours: 90 * 24 });
});

test("the authority signs for the connection's names and for no other DNS name, and goes on being the one that it was", async () => {
  const { left, right } = await made();
  const { privateKey, certificate } = inState();
  const [before, now] = [new X509Certificate(certificate), new X509Certificate(authorityOf(left))];
  expect(authorityOf(right)).toBe(authorityOf(left));
  expect([now.subject, now.validFrom, now.validTo, now.publicKey.equals(before.publicKey)]).toEqual([before.subject, before.validFrom, before.validTo, true]);
  expect(now.serialNumber).not.toBe(before.serialNumber);
  const stray = (...names: string[]) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "site-name-"));
    const write = (file: string, text: string) => fs.writeFileSync(path.join(folder, file), text, { mode: 0o600 });
    try {
      write("authority", certificate);
      write("key", privateKey);
      write("san", `subjectAltName=${names.map((one) => `DNS:${one}`).join()}\n`);
      const run = (...words: string[]) => spawnSync("openssl", words, { cwd: folder, encoding: "utf8" });
      run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-subj", "/CN=stray", "-keyout", "own", "-out", "request");
      run("x509", "-req", "-in", "request", "-CA", "authority", "-CAkey", "key", "-CAcreateserial", "-extfile", "san", "-out", "certificate");
      return fs.readFileSync(path.join(folder, "certificate"), "utf8");
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  };
  expect(judged(left, stray(`right.${name}`))).toMatch(/certificate: OK/);
  for (const names of [["vpn.example.com"], [`right.${name}`, "vpn.example.com"], [`${name}.example.com`], [`another-${name}`]]) {
    expect([names, judged(left, stray(...names))]).toEqual([names, expect.stringMatching(/permitted subtree violation/)]);
  }
});
