import { commentLines, refuseUnprintable } from "./text";

export interface KeyFileGroup {
  name: string;
  entries: Readonly<Record<string, string | number | boolean>>;
}

const format = "key file";

/**
 * A key file as GLib's GKeyFile reads it, which is what NetworkManager keeps its connections in (nm-settings-keyfile(5)).
 * A backslash begins an escape, and white space at the beginning of a value is lost unless it is one.
 *
 * @throws Error for names that the format cannot carry, and for values with control characters.
 */
export function renderKeyFile(groups: readonly KeyFileGroup[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines(format, "#", heading);
  for (const { name, entries } of groups) {
    if (lines.length > 0) lines.push("");
    if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`${format}: no name of a group: ${JSON.stringify(name)}`);
    lines.push(`[${name}]`);
    for (const [key, value] of Object.entries(entries)) {
      if (!/^[A-Za-z0-9-]+$/.test(key)) throw new Error(`${format}: no key: ${JSON.stringify(key)}`);
      lines.push(`${key}=${typeof value === "string" ? escaped(value) : String(value)}`);
    }
  }
  return lines.join("\n") + "\n";
}

function escaped(text: string): string {
  const doubled = refuseUnprintable(format, text).replace(/\\/g, "\\\\");
  // GLib takes any white space off the beginning and the end of a line; only plain spaces have an escape.
  return doubled.replace(/^ +| +$/g, (spaces) => "\\s".repeat(spaces.length));
}
