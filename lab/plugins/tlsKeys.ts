/** `tls:index/privateKey:PrivateKey`: key pairs in every format that a program may want. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { utils, type ParsedKey } from "ssh2";
import type { ResourceType } from "./provider";
import { number, text, UNKNOWN, type Properties } from "./values";

/** The curves, by the names that the tls provider uses. */
export const CURVES: Readonly<Record<string, string>> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

const SHORTEST_RSA_BITS = 2048;

function makeKey(inputs: Properties): { key: KeyObject; openssh?: string } {
  const algorithm = text(inputs, "algorithm");
  const curve = text(inputs, "ecdsaCurve") ?? "P224";
  if (algorithm === "ECDSA" && curve === "P224") {
    // OpenSSH knows no such keys: the tls provider leaves those outputs empty too.
    return { key: generateKeyPairSync("ec", { namedCurve: CURVES.P224 }).privateKey };
  }
  const { parsed, openssh } = readableKey(() => generateOpenssh(algorithm, curve, number(inputs, "rsaBits") ?? SHORTEST_RSA_BITS));
  return { key: createPrivateKey(parsed.getPrivatePEM()), openssh };
}

/** About one in 200 of the Ed25519 keys that ssh2 makes it cannot read itself: then another is made. */
export function readableKey(generate: () => string): { parsed: ParsedKey; openssh: string } {
  for (let left = 10; ; left--) {
    const openssh = generate();
    const parsed = utils.parseKey(openssh);
    if (!(parsed instanceof Error)) return { parsed, openssh };
    if (left === 0) throw parsed;
  }
}

function generateOpenssh(algorithm: string | undefined, curve: string, rsaBits: number): string {
  switch (algorithm) {
    case "RSA":
      return utils.generateKeyPairSync("rsa", { bits: rsaBits }).private;
    case "ECDSA":
      return utils.generateKeyPairSync("ecdsa", { bits: Number(curve.slice(1)) as 256 | 384 | 521 }).private;
    default:
      return utils.generateKeyPairSync("ed25519").private;
  }
}

/** The private key in the PEM form that is usual for its algorithm (PKCS#1, SEC1, PKCS#8). */
function usualPem(key: KeyObject): string {
  const type = key.asymmetricKeyType === "rsa" ? "pkcs1" : key.asymmetricKeyType === "ec" ? "sec1" : "pkcs8";
  return key.export({ format: "pem", type }).toString();
}

function opensshOutputs(openssh: string | undefined): Properties {
  const parsed = openssh === undefined ? undefined : utils.parseKey(openssh);
  if (!parsed || parsed instanceof Error) {
    return { privateKeyOpenssh: "", publicKeyOpenssh: "", publicKeyFingerprintMd5: "", publicKeyFingerprintSha256: "" };
  }
  const blob = parsed.getPublicSSH();
  const md5 = createHash("md5").update(blob).digest("hex");
  return {
    privateKeyOpenssh: openssh ?? "",
    publicKeyOpenssh: `${parsed.type} ${blob.toString("base64")}\n`,
    publicKeyFingerprintMd5: md5.replace(/..(?!$)/g, "$&:"),
    publicKeyFingerprintSha256: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
  };
}

/** The resource type `tls:index/privateKey:PrivateKey`. */
export const privateKey: ResourceType = {
  computed: [
    "privateKeyOpenssh",
    "privateKeyPem",
    "privateKeyPemPkcs8",
    "publicKeyFingerprintMd5",
    "publicKeyFingerprintSha256",
    "publicKeyOpenssh",
    "publicKeyPem",
  ],
  secrets: ["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"],
  defaults: () => ({ ecdsaCurve: "P224", rsaBits: SHORTEST_RSA_BITS }),
  refuse(inputs) {
    const refusals = [];
    const { algorithm, ecdsaCurve, rsaBits } = inputs;
    if (algorithm !== UNKNOWN && !["RSA", "ECDSA", "ED25519"].includes(String(algorithm))) {
      refusals.push({ property: "algorithm", reason: `${JSON.stringify(algorithm)} is not RSA, ECDSA or ED25519` });
    }
    if (ecdsaCurve !== UNKNOWN && !(String(ecdsaCurve) in CURVES)) {
      const known = Object.keys(CURVES).join(", ");
      refusals.push({ property: "ecdsaCurve", reason: `${JSON.stringify(ecdsaCurve)} is not one of ${known}` });
    }
    if (rsaBits !== UNKNOWN && !(Number.isInteger(rsaBits) && (rsaBits as number) >= SHORTEST_RSA_BITS)) {
      refusals.push({ property: "rsaBits", reason: `${JSON.stringify(rsaBits)} is less than ${SHORTEST_RSA_BITS}` });
    }
    return refusals;
  },
  create(inputs) {
    const { key, openssh } = makeKey(inputs);
    const publicKeyPem = createPublicKey(key).export({ format: "pem", type: "spki" }).toString();
    const state = {
      ...inputs,
      ...opensshOutputs(openssh),
      privateKeyPem: usualPem(key),
      privateKeyPemPkcs8: key.export({ format: "pem", type: "pkcs8" }).toString(),
      publicKeyPem,
    };
    return Promise.resolve({ id: createHash("sha1").update(publicKeyPem).digest("hex"), state });
  },
};
