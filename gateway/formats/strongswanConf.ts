import { commentLines, refuseUnprintable } from "./text";

/** What a setting may hold; a list is written with commas between its items. */
export type Value = string | number | boolean | readonly string[];

/** A line or a block of strongswan.conf(5) or swanctl.conf(5). */
export type Entry =
  | { kind: "setting"; key: string; value: Value; why?: string }
  | { kind: "section"; name: string; entries: Entry[]; why?: string };

const format = "strongswan.conf";

export function setting(key: string, value: Value, why?: string): Entry {
  return { kind: "setting", key, value, why };
}

export function section(name: string, entries: Entry[], why?: string): Entry {
  return { kind: "section", name, entries, why };
}

/**
 * A tree as the text that strongSwan's settings parser reads (settings_lexer.l): everything but plain words is quoted,
 * and within quotes a backslash makes the next character an ordinary one.
 *
 * @throws Error for keys that the parser would split, control characters, and list items with a comma.
 */
export function renderStrongswanConf(entries: Entry[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines(format, "#", heading);
  writeEntries(entries, "", lines);
  return lines.join("\n") + "\n";
}

function writeEntries(entries: Entry[], indent: string, lines: string[]): void {
  for (const entry of entries) {
    if (entry.why !== undefined) lines.push(...commentLines(format, `${indent}#`, entry.why));
    if (entry.kind === "setting") {
      lines.push(`${indent}${name(entry.key)} = ${value(entry.value)}`);
    } else {
      lines.push(`${indent}${name(entry.name)} {`);
      writeEntries(entry.entries, `${indent}  `, lines);
      lines.push(`${indent}}`);
    }
  }
}

function name(text: string): string {
  // A dot would make a path of it, and a line that begins with "include " is a directive.
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text === "include") {
    throw new Error(`${format}: ${JSON.stringify(text)} is no name of a setting`);
  }
  return text;
}

function value(given: Value): string {
  if (typeof given === "boolean") return given ? "yes" : "no";
  if (typeof given === "number") {
    if (!Number.isFinite(given)) throw new Error(`${format}: ${given} is no number`);
    return String(given);
  }
  if (typeof given === "string") return scalar(given);
  for (const item of given) {
    if (item.includes(",")) throw new Error(`${format}: an item of a list holds a comma`);
  }
  return given.every(isPlain) && given.length > 0 ? given.join(", ") : scalar(given.join(", "));
}

function isPlain(text: string): boolean {
  return /^[A-Za-z0-9_.:%/@*+[\]-]+$/.test(text);
}

function scalar(text: string): string {
  if (isPlain(text)) return text;
  return `"${refuseUnprintable(format, text).replace(/["\\]/g, "\\$&")}"`;
}
