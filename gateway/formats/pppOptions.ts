import { commentLines, refuseUnprintable } from "./text";

/** One option of pppd(8) with its arguments. */
export interface PppOption {
  option: string;
  args?: (string | number)[];
  why?: string;
}

/** pppd's MAXWORDLEN, less the closing NUL. */
const longestWord = 1023;

/**
 * An options file of pppd(8).
 *
 * @throws Error for words that pppd cannot carry.
 */
export function renderPppOptions(options: PppOption[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines("pppd options", "#", heading);
  for (const { option, args = [], why } of options) {
    if (why !== undefined) lines.push(...commentLines("pppd options", "#", why));
    if (!/^[a-z0-9-]+$/.test(option)) throw new Error(`pppd options: ${JSON.stringify(option)} is no option`);
    lines.push([option, ...args.map((arg) => pppWord(String(arg)))].join(" "));
  }
  return lines.join("\n") + "\n";
}

/** A line of a secrets file: who may log in, with what, and which addresses they may then use. */
export interface PppSecret {
  client: string;
  /** Name of the gateway, or `*`. */
  server: string;
  secret: string;
  /** Address or subnet that the peer may have; `*` for any. */
  address: string;
  /** Options of pppd for this client alone, as words. */
  options?: string[];
}

/**
 * /etc/ppp/chap-secrets.
 *
 * @throws Error for a client `*` (pppd: anybody), a secret that names a file (`@/…`), and what no word can carry.
 */
export function renderPppSecrets(secrets: PppSecret[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines("chap-secrets", "#", heading);
  for (const { client, server, secret, address, options = [] } of secrets) {
    if (client === "*") throw new Error("chap-secrets: the client * means anybody");
    if (client === "" || secret === "") throw new Error("chap-secrets: an empty client or secret");
    if (secret.startsWith("@/")) throw new Error("chap-secrets: a secret that begins with @/ is read as a file's path");
    // The fields are copied into buffers of 256 bytes (MAXNAMELEN, MAXSECRETLEN), cut without a word.
    for (const field of [client, secret]) {
      if (Buffer.byteLength(field) > 255) throw new Error("chap-secrets: a client or secret of more than 255 bytes");
    }
    const more = options.length > 0 ? ["--", ...options.map(pppWord)] : [];
    lines.push([quoted(client), pppWord(server), quoted(secret), pppWord(address), ...more].join(" "));
  }
  return lines.join("\n") + "\n";
}

/** A word by the rules of pppd's getword(): a backslash within quotes makes the next character an ordinary one. */
export function pppWord(text: string): string {
  return /^[A-Za-z0-9_.:/*+-]+$/.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  refuseUnprintable("pppd", text);
  if (Buffer.byteLength(text) > longestWord) throw new Error(`pppd: a word of more than ${longestWord} bytes`);
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
