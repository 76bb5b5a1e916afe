import { createHash, type KeyObject } from "crypto";
import { bits, context, contextPrimitive, elementsOf, integer, objectId, octets, sequence, setOf, time, utf8 } from "../formats/der";
import { authorityKeyIdentifier, extension, extensions, issuerOf, signatureAlgorithm, signed, type Authority } from "./authority";

/** What a user's certificate says. */
export interface UserCertificate {
  user: string;
  publicKey: KeyObject;
  /** Hexadecimal; positive. */
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
}

/**
 * How a user's name stands in a certificate: an e-mail address, or a name of the form of a DNS name; the two kinds in which
 * strongSwan, Windows, macOS and iOS also give it as their IKE or EAP identity, and in which it must stand as a subject
 * alternative name (RFC 4945, 5.1.3.6). Undefined for a name that is neither.
 */
export function certificateName(user: string): "email" | "dns" | undefined {
  const label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
  const domain = new RegExp(`^${label}(?:\\.${label})*$`);
  const [local, host, ...more] = user.split("@");
  if (host === undefined) return domain.test(user) ? "dns" : undefined;
  return more.length === 0 && /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/.test(local) && domain.test(host) ? "email" : undefined;
}

/** The distinguished name of a user: the common name alone. Windows gives it as its identity. */
export function subjectOf(user: string): Buffer {
  return sequence(setOf(sequence(objectId("2.5.4.3"), utf8(user))));
}

/**
 * A user's certificate in PEM (RFC 5280). It proves a client's identity and nothing else: no authority, signatures alone,
 * for TLS clients (EAP-TLS; Windows asks for it) and for IKE (RFC 4945, 5.1.3.12).
 *
 * @throws Error for a name that no certificate can hold.
 */
export function issueUserCertificate(authority: Authority, { user, publicKey, serialNumber, notBefore, notAfter }: UserCertificate): string {
  const kind = certificateName(user);
  if (kind === undefined) throw new Error(`certificates: ${JSON.stringify(user)} is no name for a certificate`);
  const key = publicKey.export({ type: "spki", format: "der" });
  // Of the key alone, without its algorithm (RFC 5280, 4.2.1.2, method 1).
  const keyBits = elementsOf(elementsOf(key)[0].content)[1].content.subarray(1);
  const content = sequence(
    context(0, integer(2)),
    integer(BigInt(`0x${serialNumber}`)),
    signatureAlgorithm(authority),
    issuerOf(authority).name,
    sequence(time(notBefore), time(notAfter)),
    subjectOf(user),
    key,
    extensions(
      3,
      extension("2.5.29.19", sequence(), true),
      extension("2.5.29.15", bits(Buffer.from([0x80]), 7), true),
      extension("2.5.29.37", sequence(objectId("1.3.6.1.5.5.7.3.2"), objectId("1.3.6.1.5.5.7.3.17"))),
      extension("2.5.29.14", octets(createHash("sha1").update(keyBits).digest())),
      authorityKeyIdentifier(authority),
      extension("2.5.29.17", sequence(contextPrimitive(kind === "email" ? 1 : 2, Buffer.from(user, "ascii")))),
    ),
  );
  return signed("CERTIFICATE", content, authority);
}

