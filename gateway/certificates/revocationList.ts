import { integer, sequence, time } from "../formats/der";
import { authorityKeyIdentifier, extension, extensions, issuerOf, signatureAlgorithm, signed, type Authority } from "./authority";

/** What a revocation list says. */
export interface RevocationList {
  /** Serial numbers in hexadecimal, with or without colons, of certificates that hold no longer. */
  serialNumbers: readonly string[];
  /** When it was made; also the date of each revocation in it, since no earlier one is kept. */
  thisUpdate: Date;
  /** When it is to be followed by another. */
  nextUpdate: Date;
}

/**
 * A certificate revocation list in PEM (RFC 5280, 5), signed by the stack's authority. Its number, which must grow from one
 * to the next, is the second in which it was made.
 */
export function renderRevocationList(authority: Authority, { serialNumbers, thisUpdate, nextUpdate }: RevocationList): string {
  const serials = [...new Set(serialNumbers.map((text) => BigInt(`0x${text.replaceAll(":", "")}`)))].sort((a, b) => (a < b ? -1 : 1));
  const content = sequence(
    integer(1),
    signatureAlgorithm(authority),
    issuerOf(authority).name,
    time(thisUpdate),
    time(nextUpdate),
    ...(serials.length === 0 ? [] : [sequence(...serials.map((serial) => sequence(integer(serial), time(thisUpdate))))]),
    extensions(0, authorityKeyIdentifier(authority), extension("2.5.29.20", integer(Math.floor(thisUpdate.getTime() / 1000)))),
  );
  return signed("X509 CRL", content, authority);
}
