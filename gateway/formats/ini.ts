import { commentLines, refuseUnprintable } from "./text";

/** One setting of a section. */
export interface IniSetting {
  key: string;
  value: string | number | boolean;
  why?: string;
}

export interface IniSection {
  /** What stands between the brackets, e.g. `lns default`. */
  name: string;
  settings: IniSetting[];
}

const format = "xl2tpd.conf";

/**
 * xl2tpd.conf(5): comments begin with `;` wherever it stands, and there is no quoting at all, so a value that holds
 * one cannot be carried. xl2tpd reads lines of at most 1,023 bytes.
 *
 * @throws Error for anything that xl2tpd would read as something else.
 */
export function renderIni(sections: IniSection[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines(format, ";", heading);
  for (const section of sections) {
    if (!/^[a-z0-9]+( [a-z0-9-]+)?$/.test(section.name)) throw new Error(`${format}: no name of a section: ${section.name}`);
    lines.push(`[${section.name}]`);
    for (const { key, value, why } of section.settings) {
      if (why !== undefined) lines.push(...commentLines(format, ";", why));
      if (!/^[a-z0-9-]+( [a-z0-9-]+)*$/.test(key)) throw new Error(`${format}: no name of a setting: ${key}`);
      lines.push(`${key} = ${text(value)}`);
    }
  }
  return lines.join("\n") + "\n";
}

function text(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(value);
  refuseUnprintable(format, value);
  if (value === "" || value !== value.trim()) throw new Error(`${format}: a value is empty or has white space at an end`);
  if (value.includes(";")) throw new Error(`${format}: a value holds a semicolon, which begins a comment`);
  if (Buffer.byteLength(value) > 900) throw new Error(`${format}: a value is too long for xl2tpd's line buffer`);
  return value;
}
