import { createPublicKey, generateKeyPairSync, sign, X509Certificate } from "crypto";
import type { Authority } from "../../../gateway/certificates/authority";
import { issueUserCertificate } from "../../../gateway/certificates/userCertificate";
import { bits, context, integer, nothing, objectId, octets, pemOf, sequence, setOf, time, utf8, yes } from "../../../gateway/formats/der";

export const from = new Date("2026-01-02T03:04:05Z");
export const until = new Date("2028-04-06T03:04:05Z");

/** An RSA key pair in PEM. */
export function keyPair(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } });
}

/** An authority of its own; `openssl verify` says in the tests whether it is one. */
export function authorityOf(name: string): Authority {
  return selfSigned(name, keyPair(), sequence(objectId("1.2.840.113549.1.1.11"), nothing()), "sha256");
}

/** The same with a key of P-384. */
export function ecdsaAuthorityOf(name: string): Authority {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-384", privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } });
  return selfSigned(name, keys, sequence(objectId("1.2.840.10045.4.3.3")), "sha384");
}

function selfSigned(name: string, { privateKey, publicKey }: { privateKey: string; publicKey: string }, algorithm: Buffer, hash: string): Authority {
  const subject = sequence(setOf(sequence(objectId("2.5.4.3"), utf8(name))));
  const critical = (id: string, value: Buffer) => sequence(objectId(id), yes(), octets(value));
  const content = sequence(
    context(0, integer(2)), integer(7), algorithm, subject, sequence(time(from), time(new Date("2055-01-01T00:00:00Z"))), subject,
    createPublicKey(publicKey).export({ type: "spki", format: "der" }),
    context(3, sequence(
      critical("2.5.29.19", sequence(yes())),
      critical("2.5.29.15", bits(Buffer.from([0x06]), 1)),
      sequence(objectId("2.5.29.14"), octets(octets(Buffer.from("0123456789abcdef0123456789abcdef01234567", "hex")))),
    )),
  );
  return { certificate: pemOf("CERTIFICATE", sequence(content, algorithm, bits(sign(hash, content, privateKey)))), privateKey };
}

export interface Issued {
  certificate: string;
  privateKey: string;
}

export function issued(authority: Authority, user: string, changes: Partial<{ serialNumber: string; notBefore: Date; notAfter: Date }> = {}): Issued {
  const { privateKey, publicKey } = keyPair();
  const certificate = issueUserCertificate(authority, { user, publicKey: createPublicKey(publicKey), serialNumber: "a1b2c3", notBefore: from, notAfter: until, ...changes });
  return { certificate, privateKey };
}

export const serialOf = (pem: string): string => new X509Certificate(pem).serialNumber;
