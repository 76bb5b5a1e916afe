import { createCipheriv, createHash, createHmac, randomBytes } from "crypto";
import { createSocket } from "dgram";
import { md4 } from "../../gateway/ntHash";

/** A RADIUS client that proves a password by MS-CHAPv2, bare as pppd's does or within EAP as charon carries it: RFC 2865, 2548, 2759, 3579. */
export interface Answer {
  accepted: boolean;
  /** By their numbers; of Microsoft's, `311.N`. */
  attributes: Record<string, Buffer>;
}

const codes = { request: 1, accept: 2, reject: 3, challenge: 11 };
type Attribute = [number, Buffer];

/** One question and its answer; with `twice` the answer to the same packet sent once more. @throws Error where none comes, or one that is not signed with the secret. */
export async function ask(port: number, secret: string, attributes: Attribute[], twice = false): Promise<{ code: number; attributes: Attribute[] }> {
  const authenticator = randomBytes(16);
  const body = Buffer.concat([...attributes, [80, Buffer.alloc(16)] as Attribute].map(([type, value]) => Buffer.concat([Buffer.from([type, value.length + 2]), value])));
  const packet = Buffer.concat([Buffer.from([codes.request, 7]), size(20 + body.length), authenticator, body]);
  createHmac("md5", secret).update(packet).digest().copy(packet, packet.length - 16);
  const socket = createSocket("udp4");
  try {
    const answer = () =>
      new Promise<Buffer>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("no answer")), 3000);
        socket.once("message", (message) => (clearTimeout(timer), resolve(message)));
        socket.send(packet, port, "127.0.0.1");
      });
    const first = await answer();
    const reply = twice ? await answer() : first;
    const signed = createHash("md5").update(Buffer.concat([reply.subarray(0, 4), authenticator, reply.subarray(20), Buffer.from(secret)])).digest();
    if (!signed.equals(reply.subarray(4, 20))) throw new Error("an answer that is signed with another secret");
    const found: Attribute[] = [];
    for (let at = 20; at < reply.length; at += reply[at + 1]) found.push([reply[at], reply.subarray(at + 2, at + reply[at + 1])]);
    return { code: reply[0], attributes: found };
  } finally {
    socket.close();
  }
}

/** As by L2TP. */
export async function byPpp(port: number, secret: string, name: string, password: string, twice = false): Promise<Answer> {
  const [challenge, peer] = [randomBytes(16), randomBytes(16)];
  const response = Buffer.concat([Buffer.from([1, 0]), peer, Buffer.alloc(8), ntResponse(challenge, peer, name, password)]);
  const { code, attributes } = await ask(port, secret, [[1, Buffer.from(name)], [4, Buffer.from([127, 0, 0, 1])], vendor(11, challenge), vendor(25, response)], twice);
  return { accepted: code === codes.accept, attributes: plain(attributes) };
}

/** As by IKEv2: identity, challenge, response, and the word that it was right. `challenged`: what happens once the challenge is there. */
export async function byEap(port: number, secret: string, name: string, password: string, challenged?: () => Promise<void>): Promise<Answer> {
  let state: Attribute[] = [];
  let message = Buffer.concat([Buffer.from([2, 1]), size(5 + Buffer.byteLength(name)), Buffer.from([1]), Buffer.from(name)]);
  for (let turn = 0; turn < 4; turn++) {
    const pieces = Array.from({ length: Math.ceil(message.length / 253) }, (_, index): Attribute => [79, message.subarray(253 * index, 253 * (index + 1))]);
    const { code, attributes } = await ask(port, secret, [[1, Buffer.from(name)], ...pieces, ...state]);
    if (code !== codes.challenge) return { accepted: code === codes.accept, attributes: plain(attributes) };
    state = attributes.filter(([type]) => type === 24);
    const eap = Buffer.concat(attributes.filter(([type]) => type === 79).map(([, value]) => value));
    if (eap[4] !== 26) throw new Error(`EAP of type ${eap[4]}, not MSCHAPv2`);
    const [operation, identifier] = [eap[5], eap[6]];
    if (operation === 1) await challenged?.();
    const answer = operation === 1 ? challengeAnswer(eap.subarray(10, 26), identifier, name, password) : Buffer.from([operation]);
    message = Buffer.concat([Buffer.from([2, eap[1]]), size(5 + answer.length), Buffer.from([26]), answer]);
  }
  throw new Error("no end of it");
}

function challengeAnswer(challenge: Buffer, identifier: number, name: string, password: string): Buffer {
  const peer = randomBytes(16);
  const value = Buffer.concat([peer, Buffer.alloc(8), ntResponse(challenge, peer, name, password), Buffer.from([0])]);
  return Buffer.concat([Buffer.from([2, identifier]), size(5 + value.length + Buffer.byteLength(name)), Buffer.from([value.length]), value, Buffer.from(name)]);
}

/** RFC 2759, 8.1: a domain before the name is not part of what is hashed. */
function ntResponse(challenge: Buffer, peer: Buffer, name: string, password: string): Buffer {
  const user = name.slice(name.indexOf("\\") + 1);
  const eight = createHash("sha1").update(Buffer.concat([peer, challenge, Buffer.from(user)])).digest().subarray(0, 8);
  const key = Buffer.concat([md4(Buffer.from(password, "utf16le")), Buffer.alloc(5)]);
  return Buffer.concat([0, 7, 14].map((at) => des(key.subarray(at, at + 7), eight)));
}

/** DES by three of it with one key: OpenSSL has it alone no longer. */
function des(seven: Buffer, block: Buffer): Buffer {
  const bits = [...seven].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const key = Buffer.from((bits.match(/.{7}/g) ?? []).map((part) => parseInt(`${part}0`, 2)));
  const cipher = createCipheriv("des-ede3-ecb", Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return cipher.update(block);
}

function vendor(type: number, value: Buffer): Attribute {
  return [26, Buffer.concat([Buffer.from([0, 0, 311 >> 8, 311 & 255, type, value.length + 2]), value])];
}

function plain(attributes: Attribute[]): Record<string, Buffer> {
  return Object.fromEntries(attributes.map(([type, value]) => (type === 26 ? [`${value.readUInt32BE(0)}.${value[4]}`, value.subarray(6)] : [String(type), value])));
}

function size(length: number): Buffer {
  return Buffer.from([length >> 8, length & 255]);
}
