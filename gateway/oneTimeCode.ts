import { createHmac } from "crypto";
import { onGateway } from "./radius";
import type { GatewaySpec, UserSpec } from "./spec";

/** RFC 6238 as every authenticator app knows it: HMAC-SHA-1, 30 s, six digits. The code is typed behind the password. */
export const codeSeconds = 30;
export const codeDigits = 6;

/** Wrong log-ins of one user within so many seconds; after that nobody comes in by that name until they are over. */
export const wrongCodes = { most: 10, seconds: 300 } as const;

/** RFC 4226, 4, R6: 128 bits at the least, and 160 where one is minted. */
export const leastSeedBytes = 16;
export const seedBytes = 20;
/** HMAC hashes longer keys first, which not every app does. */
export const mostSeedBytes = 64;

/** RFC 4648, 6. */
export const base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Must this user type a code of the minute behind the password? */
export function asksCode(user: Pick<UserSpec, "oneTimeCode">): boolean {
  return user.oneTimeCode === true;
}

/** Does the gateway's own FreeRADIUS ask anybody for codes? */
export function asksCodes(spec: Pick<GatewaySpec, "users" | "radius">): boolean {
  return onGateway(spec) && spec.users.some(asksCode);
}

/** RFC 4648, 6, without padding: as apps and people read a seed. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => base32Alphabet[parseInt(five.padEnd(5, "0"), 2)]).join("");
}

/** Capitals or not, with padding or without. Undefined for what is no base32. */
export function fromBase32(text: string): Buffer | undefined {
  const plain = text.toUpperCase().replace(/=+$/, "");
  if (!/^[A-Z2-7]+$/.test(plain) || [1, 3, 6].includes(plain.length % 8)) return undefined;
  const bits = [...plain].map((character) => base32Alphabet.indexOf(character).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => parseInt(eight, 2)));
}

/** Which code holds at that moment of Unix time. What FreeRADIUS does by itself (render/radiusOneTimeCodes.ts); for tests and the lab. */
export function codeAt(seed: Uint8Array, seconds: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / codeSeconds)));
  const digest = createHmac("sha1", seed).update(counter).digest();
  const number = (digest.readUInt32BE(digest[digest.length - 1] & 15) & 0x7fffffff) % 10 ** codeDigits;
  return String(number).padStart(codeDigits, "0");
}

/** What an authenticator app scans (Key Uri Format of Google Authenticator's wiki). A secret. */
export function keyUri({ name }: Pick<GatewaySpec, "name">, user: string, seed: string): string {
  const issuer = encodeURIComponent(`${name} VPN`);
  const secret = base32(fromBase32(seed) ?? Buffer.alloc(0));
  return `otpauth://totp/${issuer}:${encodeURIComponent(user)}?secret=${secret}&issuer=${issuer}&algorithm=SHA1&digits=${codeDigits}&period=${codeSeconds}`;
}

/** What an authenticator app is told: by its camera, or typed in. A secret. */
export interface OneTimeCodes {
  /** otpauth://… */
  uri: string;
  /** Base32. */
  seed: string;
}

/** Of all users who have a seed. */
export function oneTimeCodes(spec: Pick<GatewaySpec, "name">, seeds: Record<string, string>): Record<string, OneTimeCodes> {
  return Object.fromEntries(Object.entries(seeds).map(([user, seed]) => [user, { uri: keyUri(spec, user, seed), seed }]));
}
