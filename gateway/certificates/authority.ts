import { createPrivateKey, sign, X509Certificate } from "crypto";
import { bits, context, contextPrimitive, elementsOf, nothing, objectId, octets, pemOf, sequence, yes } from "../formats/der";
import { signEcdsa } from "./ecdsa";

/** The stack's private authority: what it signs with, in PEM. */
export interface Authority {
  certificate: string;
  /** A secret; RSA, or ECDSA on P-384. */
  privateKey: string;
}

const sha256WithRsa = sequence(objectId("1.2.840.113549.1.1.11"), nothing());
/** RFC 5758, 3.2: without parameters. */
const ecdsaWithSha384 = sequence(objectId("1.2.840.10045.4.3.3"));

/** The algorithm that {@link signed} signs with, as it stands within what is signed, too. */
export function signatureAlgorithm({ privateKey }: Authority): Buffer {
  return createPrivateKey(privateKey).asymmetricKeyType === "rsa" ? sha256WithRsa : ecdsaWithSha384;
}

/**
 * What is signed, with its signature, in PEM. RSA with PKCS #1 v1.5 padding gives the same signature each time (RFC 8017, 8.2),
 * and so does our ECDSA: the same thing signed again is no change.
 *
 * @throws Error if the key is neither RSA nor of P-384.
 */
export function signed(label: string, content: Buffer, authority: Authority): string {
  const key = createPrivateKey(authority.privateKey);
  const signature = key.asymmetricKeyType === "rsa" ? sign("sha256", content, key) : signEcdsa(content, key);
  return pemOf(label, sequence(content, signatureAlgorithm(authority), bits(signature)));
}

/** The authority's name and the identifier of its key, as its certificate has them: what it issues must say the same. */
export function issuerOf({ certificate }: Authority): { name: Buffer; keyIdentifier: Buffer } {
  const [body] = elementsOf(elementsOf(new X509Certificate(certificate).raw)[0].content);
  // version, serial number, signature, issuer, validity, subject, key, extensions (RFC 5280, 4.1)
  const fields = elementsOf(body.content);
  const extensions = fields.find(({ tag }) => tag === 0xa3);
  const identifier = (extensions === undefined ? [] : elementsOf(elementsOf(extensions.content)[0].content))
    .map(({ content }) => elementsOf(content))
    .find(([name]) => name.whole.equals(objectId("2.5.29.14")));
  if (identifier === undefined) throw new Error("certificates: the authority's certificate has no subject key identifier");
  return { name: fields[5].whole, keyIdentifier: elementsOf(identifier.at(-1)!.content)[0].content };
}

/** An extension of a certificate or a revocation list. */
export function extension(dotted: string, value: Buffer, critical = false): Buffer {
  return sequence(objectId(dotted), ...(critical ? [yes()] : []), octets(value));
}

/** By what strongSwan finds the list of a certificate's issuer (revocation_validator.c, check_crl). */
export function authorityKeyIdentifier(authority: Authority): Buffer {
  return extension("2.5.29.35", sequence(contextPrimitive(0, issuerOf(authority).keyIdentifier)));
}

/** The extensions of a certificate or a list, in their place. */
export function extensions(place: number, ...each: readonly Buffer[]): Buffer {
  return context(place, sequence(...each));
}
