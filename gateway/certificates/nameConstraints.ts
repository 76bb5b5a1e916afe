import { createHash, X509Certificate } from "crypto";
import { context, contextPrimitive, elementsOf, integer, sequence } from "../formats/der";
import { extension, signatureAlgorithm, signed, type Authority } from "./authority";

/**
 * The authority's certificate once more, of the same name, key and time, which now says that the DNS names it signs for are
 * `domain` and those beneath it (RFC 5280, 4.2.1.10). What it has signed before and the list go on. Critical: else strongSwan
 * reads it by OpenSSL and passes over it (openssl_x509.c). One subtree alone: to 5.9.8 a name must be within each that is
 * permitted (constraints_validator.c; tried), so that two would permit nothing; Debian 13's 6.0.1-6+deb13u7 wants any.
 */
export function withNameConstraint(authority: Authority, domain: string): string {
  const [body] = elementsOf(elementsOf(new X509Certificate(authority.certificate).raw)[0].content);
  const [version, serial, , ...rest] = elementsOf(body.content);
  const extensions = elementsOf(rest.at(-1)!.content)[0].content;
  const constraint = sequence(context(0, sequence(contextPrimitive(2, Buffer.from(domain, "ascii")))));
  // Another certificate has another number: 15 bytes, so that it is positive and below the most that is allowed.
  const number = createHash("sha256").update(serial.content).update(domain).digest().subarray(0, 15);
  const content = sequence(
    version.whole,
    integer(BigInt(`0x${number.toString("hex")}`)),
    signatureAlgorithm(authority),
    ...rest.slice(0, -1).map(({ whole }) => whole),
    context(3, sequence(extensions, extension("2.5.29.30", constraint, true))),
  );
  return signed("CERTIFICATE", content, authority);
}
