import { createECDH, createHash, createHmac, type KeyObject } from "crypto";
import { integer, sequence } from "../formats/der";

/** Of P-384 (SEC 2, 2.5.1): the number of its points. */
const order = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
const bytes = 48;

/**
 * ECDSA with SHA-384 on P-384, whose nonce follows from key and message (RFC 6979), so that the same thing signed again is
 * the same text and no change; Node's own signatures are others each time. OpenSSL multiplies the point, which is where
 * a key would show in the time it takes; the rest runs where the key is kept, and nobody waits for it from outside.
 *
 * @returns the signature's encoding (RFC 3279, 2.2.3)
 * @throws Error if the key is not of that curve
 */
export function signEcdsa(content: Buffer, key: KeyObject): Buffer {
  const { crv, d } = key.export({ format: "jwk" });
  if (crv !== "P-384" || d === undefined) throw new Error("certificates: the authority's key is neither RSA nor of P-384");
  const secret = Buffer.from(d, "base64url");
  const digest = number(createHash("sha384").update(content).digest());
  for (const nonce of nonces(secret, digest)) {
    const point = createECDH("secp384r1");
    point.setPrivateKey(fixed(nonce));
    const r = number(point.getPublicKey().subarray(1, 1 + bytes)) % order;
    const s = (inverse(nonce) * (digest + r * number(secret))) % order;
    if (r !== 0n && s !== 0n) return sequence(integer(r), integer(s));
  }
  throw new Error("certificates: no nonce was found");
}

/** RFC 6979, 3.2, where the hash is as long as the order. */
function* nonces(secret: Buffer, digest: bigint): Generator<bigint> {
  let [key, value] = [Buffer.alloc(bytes, 0), Buffer.alloc(bytes, 1)];
  const mac = (...parts: Buffer[]) => createHmac("sha384", key).update(Buffer.concat(parts)).digest();
  for (const step of [0, 1]) {
    key = mac(value, Buffer.from([step]), secret, fixed(digest % order));
    value = mac(value);
  }
  for (;;) {
    value = mac(value);
    const nonce = number(value);
    if (nonce > 0n && nonce < order) yield nonce;
    key = mac(value, Buffer.from([0]));
    value = mac(value);
  }
}

const number = (from: Buffer): bigint => BigInt(`0x${from.toString("hex")}`);
const fixed = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(2 * bytes, "0"), "hex");

/** Of a number that has one, modulo the order, which is a prime: Euclid's algorithm. */
function inverse(value: bigint): bigint {
  let [rest, next, factor, nextFactor] = [order, value % order, 0n, 1n];
  while (next !== 0n) {
    const times = rest / next;
    [rest, next, factor, nextFactor] = [next, rest - times * next, nextFactor, factor - times * nextFactor];
  }
  return ((factor % order) + order) % order;
}
