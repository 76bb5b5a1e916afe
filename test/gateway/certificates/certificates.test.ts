import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { renderKeyContainer } from "../../../gateway/certificates/keyContainer";
import { renderRevocationList } from "../../../gateway/certificates/revocationList";
import { certificateName } from "../../../gateway/certificates/userCertificate";
import { bits, bmp, elementsOf, integer, objectId, sequence, time, utf8 } from "../../../gateway/formats/der";
import { authorityOf, from, issued, serialOf, until } from "./helpers";

const authority = authorityOf("office VPN authority");
const stranger = authorityOf("office VPN authority");
const alice = issued(authority, "alice");
const bob = issued(authority, "bob@example.com", { serialNumber: "ff".repeat(15) });

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "certificates-"))));
afterAll(() => fs.rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const where = path.join(folder, name);
  fs.writeFileSync(where, content, { mode: 0o600 });
  return where;
}
/** What openssl says on both its outputs, and whether it was content. */
function openssl(...words: string[]): { ok: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync("openssl", words, { encoding: "utf8" });
  return { ok: status === 0, said: stdout + stderr };
}

test("the encoder's elements, as X.690 and RFC 5280 have them", () => {
  const hex = (buffer: Buffer) => buffer.toString("hex");
  expect([hex(integer(0)), hex(integer(127)), hex(integer(128)), hex(integer(256))]).toEqual(["020100", "02017f", "02020080", "02020100"]);
  expect(hex(objectId("1.2.840.113549.1.1.11"))).toBe("06092a864886f70d01010b");
  expect([hex(bits(Buffer.from([0x80]), 7)), hex(utf8("é")), hex(bmp("aé"))]).toEqual(["03020780", "0c02c3a9", "1e04006100e9"]);
  expect([time(new Date("2049-12-31T23:59:59Z")), time(new Date("2050-01-01T00:00:00Z"))].map((each) => each.toString("latin1", 2))).toEqual(["491231235959Z", "20500101000000Z"]);
  expect(hex(sequence(Buffer.alloc(200))).slice(0, 6)).toBe("3081c8");
  expect(hex(sequence(Buffer.alloc(300))).slice(0, 8)).toBe("3082012c");
  const [read, next] = elementsOf(Buffer.concat([sequence(Buffer.alloc(300, 1)), integer(5)]));
  expect([read.tag, read.content.length, next.content[0]]).toEqual([0x30, 300, 5]);
  expect(() => elementsOf(Buffer.from([0x30, 0x05, 0x00]))).toThrow("cut off");
});

test("which names a certificate can hold", () => {
  const names = ["alice", "bob@example.com", "a-1.office", "O'Neil@x.org", "O'Neil", "Ann B", "a@b@c", "@x", "x@", "é", "DOMAIN\\u", "a..b", "-a", ""];
  expect(names.map((name) => certificateName(name))).toEqual(["dns", "email", "dns", "email", ...Array<undefined>(10).fill(undefined)]);
});

describe("a user's certificate", () => {
  test("is what openssl and node verify it to be, of this authority and no other of the same name", () => {
    const [ca, other, own] = [file("ca.pem", authority.certificate), file("other.pem", stranger.certificate), file("alice.pem", alice.certificate)];
    const at = ["-attime", String(from.getTime() / 1000 + 60)];
    expect(openssl("verify", ...at, "-x509_strict", "-purpose", "sslclient", "-CAfile", ca, own)).toMatchObject({ ok: true });
    expect(openssl("verify", ...at, "-CAfile", other, own).ok).toBe(false);
    expect(openssl("verify", ...at, "-purpose", "sslserver", "-CAfile", ca, own).said).toMatch(/unsuitable certificate purpose|unsupported certificate purpose/i);
    expect(openssl("verify", "-attime", String(until.getTime() / 1000 + 60), "-CAfile", ca, own).said).toContain("expired");
    expect(new X509Certificate(alice.certificate).verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  });
  test("says who it is for, and for what", () => {
    const text = openssl("x509", "-noout", "-text", "-in", file("alice.pem", alice.certificate)).said;
    for (const line of [/Serial Number: 10597059 \(0xa1b2c3\)/, /Subject: CN ?= ?alice\n/, /Not Before: Jan {2}2 03:04:05 2026 GMT/, /Not After : Apr {2}6 03:04:05 2028 GMT/, /DNS:alice\n/,
      /Basic Constraints: critical\s+CA:FALSE/, /Key Usage: critical\s+Digital Signature\n/, /Extended Key Usage: \s*TLS Web Client Authentication, (ipsec Internet Key Exchange|1\.3\.6\.1\.5\.5\.7\.3\.17)\n/, /Authority Key Identifier: \s*(keyid:)?01:23:45/i])
      expect(text).toMatch(line);
    expect(openssl("x509", "-noout", "-text", "-in", file("bob.pem", bob.certificate)).said).toMatch(/email:bob@example\.com\n/);
    expect(serialOf(bob.certificate)).toBe("FF".repeat(15));
  });
});

describe("the revocation list", () => {
  const list = (serialNumbers: string[], thisUpdate = from) => renderRevocationList(authority, { serialNumbers, thisUpdate, nextUpdate: until });

  test("openssl verifies its signature, and another authority's does not do", () => {
    const one = file("list.pem", list([serialOf(alice.certificate)]));
    expect(openssl("crl", "-in", one, "-CAfile", file("ca.pem", authority.certificate), "-noout", "-verify").said).toContain("verify OK");
    expect(openssl("crl", "-in", one, "-CAfile", file("other.pem", stranger.certificate), "-noout", "-verify").said).not.toContain("verify OK");
  });
  test("who is on it is refused, and who is not is not; one that is over refuses everybody", () => {
    const ca = file("ca.pem", authority.certificate);
    const verify = (crl: string, certificate: string, when: Date) =>
      openssl("verify", "-attime", String(when.getTime() / 1000 + 60), "-crl_check", "-CRLfile", file("list.pem", crl), "-CAfile", ca, file("one.pem", certificate));
    expect(verify(list([serialOf(alice.certificate)]), alice.certificate, from).said).toContain("certificate revoked");
    expect(verify(list([serialOf(alice.certificate)]), bob.certificate, from).ok).toBe(true);
    expect(verify(list([]), alice.certificate, from).ok).toBe(true);
    expect(verify(renderRevocationList(authority, { serialNumbers: [], thisUpdate: from, nextUpdate: new Date(from.getTime() + 1000) }), alice.certificate, from).said).toContain("CRL has expired");
  });
  test("is the same text for the same numbers in any order, and its number grows with its date", () => {
    expect(list(["0a", "FF"])).toBe(list(["ff", "0A", "a"]));
    const text = openssl("crl", "-noout", "-text", "-in", file("list.pem", list(["0a", "ff"]))).said;
    expect(text).toMatch(/Version 2[\s\S]*Last Update: Jan {2}2 03:04:05 2026 GMT[\s\S]*Next Update: Apr {2}6[\s\S]*CRL Number: \s*1767323045\s[\s\S]*Serial Number: 0A\n[\s\S]*Serial Number: FF\n/);
  });
});

describe("the key's container", () => {
  const container = (form: "modern" | "legacy", changes: object = {}) =>
    renderKeyContainer({ ...alice, authority: authority.certificate, password: "canary-pässword", name: "office VPN", ...changes }, form);
  const open = (form: "modern" | "legacy", password: string) =>
    openssl("pkcs12", ...(form === "legacy" ? ["-legacy"] : []), "-in", file(`${form}.p12`, container(form)), "-nodes", "-info", "-passin", `pass:${password}`);

  test.each(["modern", "legacy"] as const)("%s: openssl finds key, certificate and authority in it, by its password alone", (form) => {
    const { ok, said } = open(form, "canary-pässword");
    expect([ok, (said.match(/BEGIN CERTIFICATE/g) ?? []).length]).toEqual([true, 2]);
    for (const text of [alice.privateKey, alice.certificate, authority.certificate]) expect(said.replace(/\s/g, "")).toContain(text.replace(/\s/g, ""));
    expect(said).toContain("friendlyName: office VPN");
    expect(open(form, "another").said).toMatch(/invalid password|mac verify (error|failure)/i);
  });
  test("what it is encrypted with", () => {
    expect(open("modern", "canary-pässword").said).toMatch(/MAC: sha256[\s\S]*PBES2, PBKDF2, AES-256-CBC[\s\S]*hmacWithSHA256/);
    expect(open("legacy", "canary-pässword").said).toMatch(/MAC: sha1[\s\S]*pbeWithSHA1And3-KeyTripleDES-CBC/);
  });
  test("is the same each time, and holds nothing readable", () => {
    expect(container("modern").equals(container("modern"))).toBe(true);
    expect(container("modern").equals(container("modern", { password: "other" }))).toBe(false);
    for (const form of ["modern", "legacy"] as const) expect(container(form).includes(Buffer.from("alice"))).toBe(false);
  });
});
