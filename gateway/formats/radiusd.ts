import { commentLines, refuseUnprintable } from "./text";

/** One entry of a configuration of FreeRADIUS 3: radiusd.conf(5), unlang(5). */
export type RadiusdEntry =
  | { kind: "pair"; key: string; value: string | number | boolean; expands: boolean; operator?: "+="; why?: string }
  | { kind: "removal"; key: string; why?: string }
  | { kind: "section"; name: string; entries: RadiusdEntry[]; why?: string }
  | { kind: "include"; path: string; why?: string }
  | { kind: "call"; name: string; why?: string };

/** A value that stands for itself. */
export function pair(key: string, value: string | number | boolean, why?: string): RadiusdEntry {
  return { kind: "pair", key, value, expands: false, why };
}

/** A text of our own in which `%{…}` is replaced with each request: nothing that a person gave may stand in it. */
export function template(key: string, value: string, why?: string): RadiusdEntry {
  return { kind: "pair", key, value, expands: true, why };
}

/** In unlang: one more value of an attribute that may have several. Otherwise as {@link template}. */
export function added(key: string, value: string | number, why?: string): RadiusdEntry {
  return { kind: "pair", key, value, expands: true, operator: "+=", why };
}

/** In unlang: all values of an attribute go. */
export function removed(key: string, why?: string): RadiusdEntry {
  return { kind: "removal", key, why };
}

/** A section; in unlang also a condition. The name is ours. */
export function block(name: string, entries: RadiusdEntry[], why?: string): RadiusdEntry {
  return { kind: "section", name, entries, why };
}

export function include(path: string, why?: string): RadiusdEntry {
  return { kind: "include", path, why };
}

/** The name of a module or of a return code, in unlang. */
export function call(name: string, why?: string): RadiusdEntry {
  return { kind: "call", name, why };
}

/**
 * Text of radiusd.conf. Whatever a person gave is refused where the format would take it for more than text (conffile.c reads
 * `${…}` and `$ENV{…}` also within quotes; a backslash means one thing to the reader and another to the expansion): such
 * values go to files that have an escaping of their own.
 *
 * @throws Error naming the key; never with the value.
 */
export function renderRadiusd(entries: RadiusdEntry[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines(format, "#", heading);
  write(entries, "", lines);
  return lines.join("\n") + "\n";
}

const format = "radiusd.conf";
/** conffile.c reads a line into a buffer of 8192 bytes. */
const longestLine = 8000;

function write(entries: RadiusdEntry[], indent: string, lines: string[]): void {
  for (const entry of entries) {
    if (entry.why !== undefined) lines.push(...commentLines(format, `${indent}#`, entry.why));
    if (entry.kind === "section") {
      if (!/^[A-Za-z][\x20-\x7e]*$/.test(entry.name) || /[{}#\\$]/.test(entry.name)) throw new Error(`${format}: ${JSON.stringify(entry.name)} is no section's name`);
      lines.push(`${indent}${entry.name} {`);
      write(entry.entries, `${indent}  `, lines);
      lines.push(`${indent}}`);
    } else if (entry.kind === "include") {
      if (!/^\/[A-Za-z0-9/._-]+$/.test(entry.path)) throw new Error(`${format}: ${JSON.stringify(entry.path)} is no path`);
      lines.push(`${indent}$INCLUDE ${entry.path}`);
    } else if (entry.kind === "call") {
      if (!/^[a-z_]+$/.test(entry.name)) throw new Error(`${format}: ${JSON.stringify(entry.name)} is no module`);
      lines.push(`${indent}${entry.name}`);
    } else if (entry.kind === "removal") {
      lines.push(`${indent}${keyOf(entry.key)} !* ANY`);
    } else {
      const line = `${indent}${keyOf(entry.key)} ${entry.operator ?? (entry.key.startsWith("&") ? ":=" : "=")} ${valueOf(entry)}`;
      if (Buffer.byteLength(line) > longestLine) throw new Error(`${format}: ${entry.key} is longer than a line may be`);
      lines.push(line);
    }
  }
}

function keyOf(key: string): string {
  if (!/^&?[A-Za-z][A-Za-z0-9_:-]*$/.test(key)) throw new Error(`${format}: ${JSON.stringify(key)} is no key`);
  return key;
}

function valueOf({ key, value, expands }: { key: string; value: string | number | boolean; expands: boolean }): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${format}: ${key} is no number`);
    return String(value);
  }
  refuseUnprintable(format, value);
  const found = (expands ? /["\\$]/ : /["\\$%]/).exec(value);
  if (found !== null) throw new Error(`${format}: ${key} holds ${JSON.stringify(found[0])}, which the format does not carry`);
  return `"${value}"`;
}
