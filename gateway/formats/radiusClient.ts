import { commentLines, refuseUnprintable } from "./text";

/** A line of radiusclient.conf: a keyword, and the rest of the line as its value. */
export interface RadiusClientSetting {
  key: string;
  value: string | number;
  why?: string;
}

/**
 * radiusclient.conf of pppd's radius plugin (config.c, rc_read_config): a keyword, white space, and everything up to the
 * end of the line, of which it reads 511 bytes.
 *
 * @throws Error for what a line cannot carry: control characters, white space at an end, an empty or too long value.
 */
export function renderRadiusClient(settings: RadiusClientSetting[], heading?: string): string {
  const format = "radiusclient.conf";
  const lines = heading === undefined ? [] : commentLines(format, "#", heading);
  for (const { key, value, why } of settings) {
    if (why !== undefined) lines.push(...commentLines(format, "#", why));
    if (!/^[a-z_]+$/.test(key)) throw new Error(`${format}: ${JSON.stringify(key)} is no keyword`);
    const text = refuseUnprintable(format, String(value));
    if (text === "" || text !== text.trim()) throw new Error(`${format}: ${key} is empty, or has white space at an end`);
    const line = `${key} ${text}`;
    if (Buffer.byteLength(line) > 510) throw new Error(`${format}: ${key} is longer than a line may be`);
    lines.push(line);
  }
  return lines.join("\n") + "\n";
}

export interface RadiusServerSecret {
  /** IPv4 address. */
  host: string;
  secret: string;
}

/** Of a secret the plugin takes so many bytes, and cuts off the rest without a word (radiusclient.h, MAX_SECRET_LENGTH). */
export const longestRadiusSecret = 48;

/**
 * The servers file of pppd's radius plugin (config.c, rc_find_server): an address and a secret, one word each, in a line of
 * at most 127 bytes; there are no quotes.
 *
 * @throws Error for a secret that is no such word; never with the secret.
 */
export function renderRadiusServers(servers: RadiusServerSecret[], heading?: string): string {
  const format = "RADIUS servers file";
  const lines = heading === undefined ? [] : commentLines(format, "#", heading);
  for (const { host, secret } of servers) {
    if (!/^[0-9.]+$/.test(host)) throw new Error(`${format}: ${JSON.stringify(host)} is no IPv4 address`);
    if (!/^[\x21-\x7e]+$/.test(secret)) throw new Error(`${format}: a secret that is not one word of printable ASCII`);
    if (secret.length > longestRadiusSecret) throw new Error(`${format}: a secret of more than ${longestRadiusSecret} bytes`);
    lines.push(`${host} ${secret}`);
  }
  return lines.join("\n") + "\n";
}

export interface RadiusAttribute {
  name: string;
  number: number;
  type: "string" | "integer" | "ipaddr";
  vendor?: string;
}

/** A dictionary of pppd's radius plugin (dict.c, rc_read_dictionary): what is not in it, it neither sends nor hears. */
export function renderRadiusDictionary(vendors: Record<string, number>, attributes: RadiusAttribute[], heading?: string): string {
  const format = "RADIUS dictionary";
  const lines = heading === undefined ? [] : commentLines(format, "#", heading);
  for (const [vendor, number] of Object.entries(vendors)) lines.push(`VENDOR ${name(vendor)} ${number}`);
  for (const each of attributes) lines.push(["ATTRIBUTE", name(each.name), each.number, each.type, ...(each.vendor === undefined ? [] : [name(each.vendor)])].join(" "));
  return lines.join("\n") + "\n";
}

/** dict.c, NAME_LENGTH. */
function name(text: string): string {
  if (!/^[A-Za-z0-9-]{1,31}$/.test(text)) throw new Error(`RADIUS dictionary: ${JSON.stringify(text)} is no name`);
  return text;
}
