/**
 * ASN.1 in its distinguished encoding (X.690): what certificates, revocation lists and key containers are made of. Only the
 * types that those need; a length and a tag are the encoder's business, what is within is the caller's.
 */

/** One element: its tag byte, what is in it, and the whole of it. */
export interface Element {
  tag: number;
  content: Buffer;
  whole: Buffer;
}

export function tagged(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = unsigned(BigInt(length));
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

function unsigned(value: bigint): Buffer {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
}

export const sequence = (...contents: readonly Buffer[]): Buffer => tagged(0x30, ...contents);
export const setOf = (...contents: readonly Buffer[]): Buffer => tagged(0x31, ...contents);
export const octets = (content: Buffer): Buffer => tagged(0x04, content);
export const nothing = (): Buffer => tagged(0x05);
export const yes = (): Buffer => tagged(0x01, Buffer.from([0xff]));
export const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text, "utf8"));
/** In Java's and Windows' old form: two bytes a character, the larger first. */
export const bmp = (text: string): Buffer => tagged(0x1e, Buffer.from(text, "utf16le").swap16());
/** `[number]` around other elements. */
export const context = (number: number, ...contents: readonly Buffer[]): Buffer => tagged(0xa0 | number, ...contents);
/** `[number]` in the place of another type's own tag. */
export const contextPrimitive = (number: number, content: Buffer): Buffer => tagged(0x80 | number, content);

/** @param value not negative */
export function integer(value: bigint | number): Buffer {
  const bytes = unsigned(BigInt(value));
  return tagged(0x02, bytes[0] & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** @param unused bits of the last byte that do not count */
export function bits(content: Buffer, unused = 0): Buffer {
  return tagged(0x03, Buffer.from([unused]), content);
}

/** From its dotted form. */
export function objectId(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(0x80 | (left % 128));
    return groups;
  });
  return tagged(0x06, Buffer.from(bytes));
}

/** Whole seconds of UTC; two digits of the year up to 2049, four from then on (RFC 5280, 4.1.2.5). */
export function time(moment: Date): Buffer {
  const text = `${moment.toISOString().slice(0, 19).replace(/[-T:]/g, "")}Z`;
  return moment.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
}

/** The elements that `content` is made of. @throws Error if it is not whole. */
export function elementsOf(content: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < content.length; ) {
    const short = content[at + 1];
    const more = short > 0x80 ? short & 0x7f : 0;
    const start = at + 2 + more;
    const length = more === 0 ? short : Number(BigInt(`0x${content.subarray(at + 2, start).toString("hex") || "0"}`));
    if (!(start + length <= content.length)) throw new Error("DER: an element is cut off");
    found.push({ tag: content[at], content: content.subarray(start, start + length), whole: content.subarray(at, start + length) });
    at = start + length;
  }
  return found;
}

/** Between its BEGIN and END lines, 64 characters a line (RFC 7468). */
export function pemOf(label: string, encoded: Buffer): string {
  const lines = encoded.toString("base64").match(/.{1,64}/g)!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
