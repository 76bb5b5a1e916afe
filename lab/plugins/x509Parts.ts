/** The parts of a certificate, made from the inputs of the tls resource types. */
import { createPrivateKey, webcrypto } from "node:crypto";
import { object, text, texts, type Properties } from "./values";
import { x509 } from "./x509Library";

const KEY_USAGES: Readonly<Record<string, x509.KeyUsageFlags>> = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  content_commitment: x509.KeyUsageFlags.nonRepudiation,
  key_encipherment: x509.KeyUsageFlags.keyEncipherment,
  data_encipherment: x509.KeyUsageFlags.dataEncipherment,
  key_agreement: x509.KeyUsageFlags.keyAgreement,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  crl_signing: x509.KeyUsageFlags.cRLSign,
  encipher_only: x509.KeyUsageFlags.encipherOnly,
  decipher_only: x509.KeyUsageFlags.decipherOnly,
};

const EXTENDED_KEY_USAGES: Readonly<Record<string, string>> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  ipsec_end_system: "1.3.6.1.5.5.7.3.5",
  ipsec_tunnel: "1.3.6.1.5.5.7.3.6",
  ipsec_user: "1.3.6.1.5.5.7.3.7",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
};

/** Every use that `allowedUses` may name. */
export const USES: readonly string[] = [...Object.keys(KEY_USAGES), ...Object.keys(EXTENDED_KEY_USAGES)];

/** A key pair that signs, the algorithm that it signs with, and the name the tls provider has for it. */
export interface SigningKey {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
  readonly algorithm: webcrypto.Algorithm | webcrypto.EcdsaParams;
  readonly name: "RSA" | "ECDSA" | "ED25519";
}

const CURVES: Readonly<Record<string, { namedCurve: string; hash: string }>> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

/** Reads a private key from any PEM form. */
export async function signingKey(pem: string): Promise<SigningKey> {
  const key = createPrivateKey(pem);
  const details = (type: string | undefined) => {
    if (type === "rsa") {
      return { name: "RSA" as const, algorithm: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } };
    }
    if (type === "ed25519") {
      return { name: "ED25519" as const, algorithm: { name: "Ed25519" } };
    }
    const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
    if (!curve) {
      const what = key.asymmetricKeyDetails?.namedCurve ?? type;
      throw new Error(`a ${what} key cannot sign here: take RSA, ED25519, or ECDSA with P256, P384 or P521`);
    }
    return { name: "ECDSA" as const, algorithm: { name: "ECDSA", ...curve } };
  };
  const { name, algorithm } = details(key.asymmetricKeyType);
  const der = key.export({ format: "der", type: "pkcs8" });
  const privateKey = await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
  const jwk = await webcrypto.subtle.exportKey("jwk", privateKey);
  const publicPart = { kty: jwk.kty, n: jwk.n, e: jwk.e, crv: jwk.crv, x: jwk.x, y: jwk.y };
  const publicKey = await webcrypto.subtle.importKey("jwk", publicPart, algorithm, true, ["verify"]);
  return { publicKey, privateKey, algorithm, name } as SigningKey;
}

const SUBJECT: readonly [input: string, attribute: string][] = [
  ["country", "C"],
  ["organization", "O"],
  ["organizationalUnit", "OU"],
  ["locality", "L"],
  ["province", "ST"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "CN"],
  ["serialNumber", "2.5.4.5"],
];

/** The distinguished name of `subject`. Values go in as values, so nothing in them is syntax. */
export function subjectName(inputs: Properties): x509.Name {
  const subject = object(inputs, "subject") ?? {};
  const attributes: x509.JsonNameParams = SUBJECT.flatMap(([input, attribute]) => {
    const single = text(subject, input);
    const values = single === undefined ? texts(subject, input) : [single];
    const kind = attribute === "C" || attribute === "2.5.4.5" ? "printableString" : "utf8String";
    return values.map((value) => ({ [attribute]: [{ [kind]: value }] }));
  });
  return new x509.Name(attributes);
}

/** The alternative names, or none. */
export function alternativeNames(inputs: Properties): x509.SubjectAlternativeNameExtension[] {
  const names: x509.JsonGeneralName[] = [
    ...texts(inputs, "dnsNames").map((value) => ({ type: "dns" as const, value })),
    ...texts(inputs, "ipAddresses").map((value) => ({ type: "ip" as const, value })),
    ...texts(inputs, "uris").map((value) => ({ type: "url" as const, value })),
  ];
  return names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [];
}

/** Basic constraints and the uses of the key. */
export function useExtensions(inputs: Properties): x509.Extension[] {
  const uses = texts(inputs, "allowedUses");
  const isCa = inputs.isCaCertificate === true;
  const usage = uses.reduce((flags, use) => flags | (KEY_USAGES[use] ?? 0), 0);
  const extended = uses.flatMap((use) => EXTENDED_KEY_USAGES[use] ?? []);
  const pathLength = isCa && typeof inputs.maxPathLength === "number" && inputs.maxPathLength >= 0;
  return [
    new x509.BasicConstraintsExtension(isCa, pathLength ? (inputs.maxPathLength as number) : undefined, true),
    ...(usage > 0 ? [new x509.KeyUsagesExtension(usage, true)] : []),
    ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
  ];
}
