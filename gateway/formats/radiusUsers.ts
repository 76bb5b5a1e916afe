import { commentLines } from "./text";

/** What is sent with an Access-Accept: addresses and numbers alone, which need no escaping. */
export interface RadiusReply {
  attribute: string;
  /** An IPv4 address, or a whole number. */
  value: string | number;
}

export interface RadiusUser {
  /** Letters, digits and `-`: whatever a name holds is not in it (`users` gives `DEFAULT` and `$INCLUDE` a meaning, and has quotes). */
  key: string;
  /** Who it is, for a person who reads the file. */
  comment: string;
  /**
   * RFC 2759's hash of the password, 16 bytes: in hexadecimal no password can end a string or be expanded. Where a code is
   * typed behind it: the password in UTF-16LE, of which that hash is made, and the seed of the codes.
   */
  proof: { ntHash: Buffer } | { password: Buffer; seed: Buffer };
  reply: RadiusReply[];
}

/**
 * A file of users of FreeRADIUS 3 (users(5)): a comment with the name, a line with the key and what must hold, and indented
 * what is sent back. host/vpn_gateway/admitted.py takes such entries out and relies on this form.
 *
 * @throws Error for what is no key, hash, attribute or value; never with a hash.
 */
export function renderRadiusUsers(users: RadiusUser[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines(format, "#", heading);
  for (const { key, comment, proof, reply } of users) {
    if (!/^[a-z0-9]+-[a-z0-9-]{1,240}$/.test(key)) throw new Error(`${format}: ${JSON.stringify(key)} is no key`);
    lines.push(...commentLines(format, "#", comment), `${key} ${checkOf(proof)}`);
    reply.forEach(({ attribute, value }, index) => {
      if (!/^[A-Za-z0-9-]+$/.test(attribute)) throw new Error(`${format}: ${JSON.stringify(attribute)} is no attribute`);
      if (!/^\d{1,10}$|^\d{1,3}(\.\d{1,3}){3}$/.test(String(value))) throw new Error(`${format}: ${JSON.stringify(value)} is no value of ${attribute}`);
      lines.push(`  ${attribute} := ${value}${index < reply.length - 1 ? "," : ""}`);
    });
  }
  return lines.join("\n") + "\n";
}

function checkOf(proof: RadiusUser["proof"]): string {
  if ("ntHash" in proof) {
    if (proof.ntHash.length !== 16) throw new Error(`${format}: a hash that has not 16 bytes`);
    return `NT-Password := 0x${proof.ntHash.toString("hex")}`;
  }
  const { password, seed } = proof;
  if (password.length === 0 || password.length > longestPassword) throw new Error(`${format}: a password of ${password.length} bytes`);
  if (seed.length === 0 || seed.length > longestPassword) throw new Error(`${format}: a seed of ${seed.length} bytes`);
  return `TOTP-Key := 0x${seed.toString("hex")}, Tmp-Octets-0 := 0x${password.toString("hex")}`;
}

const format = "RADIUS users file";
/** A value is read into a buffer of 1024 bytes (pair.h, VALUE_PAIR_RAW). */
const longestPassword = 510;
