import { createCipheriv, createHash, createHmac, createPrivateKey, pbkdf2Sync, X509Certificate } from "crypto";
import { bmp, context, contextPrimitive, integer, nothing, objectId, octets, sequence, setOf } from "../formats/der";

/** What is put into a container (PKCS #12, RFC 7292). Texts in PEM. */
export interface KeyContainer {
  certificate: string;
  /** A secret. */
  privateKey: string;
  authority: string;
  /** Of the container; a secret. */
  password: string;
  /** What a device shows. */
  name: string;
}

/**
 * `modern`: AES-256 and SHA-256, which Windows 10 1709, OpenSSL, strongSwan and newer take. `legacy`: 3DES and SHA-1, the
 * only one that Apple's devices import. Both rest on the container's password, which is minted.
 */
export type ContainerForm = "modern" | "legacy";

const data = "1.2.840.113549.1.7.1";
const iterations = { key: 10_000, old: 2048 };

/**
 * A .p12. The salts follow from what is in it, so that the same container is made each time; with another key, certificate
 * or password they are others.
 */
export function renderKeyContainer(given: KeyContainer, form: ContainerForm): Buffer {
  const certificates = [given.certificate, given.authority].map((pem) => new X509Certificate(pem).raw);
  const key = createPrivateKey(given.privateKey).export({ type: "pkcs8", format: "der" });
  const seed = createHash("sha256").update(JSON.stringify([form, given.name, given.password])).update(certificates[0]).digest();
  const salt = (what: string, bytes: number) => createHmac("sha256", key).update(seed).update(what).digest().subarray(0, bytes);
  const encrypted = form === "modern" ? encryptModern : encryptLegacy;

  const keyId = createHash("sha1").update(certificates[0]).digest();
  const attributes = setOf(
    ...[sequence(objectId("1.2.840.113549.1.9.20"), setOf(bmp(given.name))), sequence(objectId("1.2.840.113549.1.9.21"), setOf(octets(keyId)))].sort(Buffer.compare),
  );
  const certificateBags = certificates.map((raw, index) =>
    sequence(
      objectId("1.2.840.113549.1.12.10.1.3"),
      context(0, sequence(objectId("1.2.840.113549.1.9.22.1"), context(0, octets(raw)))),
      ...(index === 0 ? [attributes] : []),
    ),
  );
  const [certificateAlgorithm, certificateText] = encrypted(sequence(...certificateBags), given.password, salt("certificates", 16), salt("certificates' vector", 16));
  const [keyAlgorithm, keyText] = encrypted(key, given.password, salt("key", 16), salt("key's vector", 16));
  const safe = sequence(
    contentInfo("1.2.840.113549.1.7.6", sequence(integer(0), sequence(objectId(data), certificateAlgorithm, contextPrimitive(0, certificateText)))),
    contentInfo(data, octets(sequence(sequence(objectId("1.2.840.113549.1.12.10.1.2"), context(0, sequence(keyAlgorithm, octets(keyText))), attributes)))),
  );
  return sequence(integer(3), contentInfo(data, octets(safe)), authentication(safe, given.password, salt("authentication", 16), form));
}

function contentInfo(type: string, content: Buffer): Buffer {
  return sequence(objectId(type), context(0, content));
}

type Encrypted = [algorithm: Buffer, text: Buffer];

/** PBES2 of RFC 8018: PBKDF2 with HMAC-SHA-256, then AES-256 in CBC. */
function encryptModern(plain: Buffer, password: string, salt: Buffer, vector: Buffer): Encrypted {
  const key = pbkdf2Sync(Buffer.from(password, "utf8"), salt, iterations.key, 32, "sha256");
  const derivation = sequence(octets(salt), integer(iterations.key), sequence(objectId("1.2.840.113549.2.9"), nothing()));
  const algorithm = sequence(
    objectId("1.2.840.113549.1.5.13"),
    sequence(sequence(objectId("1.2.840.113549.1.5.12"), derivation), sequence(objectId("2.16.840.1.101.3.4.1.42"), octets(vector))),
  );
  return [algorithm, cipher("aes-256-cbc", key, vector, plain)];
}

/** pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292, appendix C). */
function encryptLegacy(plain: Buffer, password: string, salt: Buffer): Encrypted {
  const short = salt.subarray(0, 8);
  const [key, vector] = [derive("sha1", 1, password, short, 24), derive("sha1", 2, password, short, 8)];
  return [sequence(objectId("1.2.840.113549.1.12.1.3"), sequence(octets(short), integer(iterations.old))), cipher("des-ede3-cbc", key, vector, plain)];
}

function cipher(name: string, key: Buffer, vector: Buffer, plain: Buffer): Buffer {
  const running = createCipheriv(name, key, vector);
  return Buffer.concat([running.update(plain), running.final()]);
}

function authentication(safe: Buffer, password: string, salt: Buffer, form: ContainerForm): Buffer {
  const [hash, bytes, id] = form === "modern" ? (["sha256", 32, "2.16.840.1.101.3.4.2.1"] as const) : (["sha1", 20, "1.3.14.3.2.26"] as const);
  const key = derive(hash, 3, password, salt, bytes);
  const digest = createHmac(hash, key).update(safe).digest();
  return sequence(sequence(sequence(objectId(id), nothing()), octets(digest)), octets(salt), integer(iterations.old));
}

/** Key (1), vector (2) or authentication key (3) of a password: RFC 7292, appendix B.2. Both hashes work in blocks of 64 bytes. */
function derive(hash: "sha1" | "sha256", purpose: 1 | 2 | 3, password: string, salt: Buffer, length: number): Buffer {
  const block = 64;
  const secret = Buffer.from(`${password}\0`, "utf16le").swap16();
  const filled = (from: Buffer) => Buffer.alloc(block * Math.ceil(from.length / block), from);
  const input = Buffer.concat([filled(salt), filled(secret)]);
  const found: Buffer[] = [];
  for (let have = 0; have < length; have += found.at(-1)!.length) {
    let digest = createHash(hash).update(Buffer.alloc(block, purpose)).update(input).digest();
    for (let round = 1; round < iterations.old; round++) digest = createHash(hash).update(digest).digest();
    found.push(digest);
    const more = Buffer.alloc(block, digest);
    for (let at = 0; at < input.length; at += block) addOne(input.subarray(at, at + block), more);
  }
  return Buffer.concat(found).subarray(0, length);
}

/** `number` becomes `number + more + 1`, less what no longer fits. */
function addOne(number: Buffer, more: Buffer): void {
  let carry = 1;
  for (let at = number.length - 1; at >= 0; at--) {
    carry += number[at] + more[at];
    number[at] = carry & 0xff;
    carry >>= 8;
  }
}
