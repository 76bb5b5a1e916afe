import { commentLines, refuseUnprintable } from "./text";

/** A directive of a unit file. The same key may come several times. */
export interface Directive {
  key: string;
  value: string;
  why?: string;
}

export interface UnitSection {
  name: "Unit" | "Service" | "Timer" | "Install";
  directives: Directive[];
}

export function directive(key: string, value: string, why?: string): Directive {
  return { key, value, why };
}

/**
 * A unit file or drop-in of systemd.syntax(7). `%` is doubled: none of our values means a specifier.
 *
 * @throws Error for line ends, and for a backslash at the end, which would join the next line.
 */
export function renderUnit(sections: UnitSection[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines("unit", "#", heading);
  for (const section of sections) {
    if (lines.length > 0) lines.push("");
    lines.push(`[${section.name}]`);
    for (const { key, value, why } of section.directives) {
      if (why !== undefined) lines.push(...commentLines("unit", "#", why));
      if (!/^[A-Z][A-Za-z0-9]+$/.test(key)) throw new Error(`unit: no directive: ${JSON.stringify(key)}`);
      refuseUnprintable("unit", value);
      if (value.endsWith("\\")) throw new Error(`unit: ${key} ends with a backslash`);
      lines.push(`${key}=${value.replace(/%/g, "%%")}`);
    }
  }
  return lines.join("\n") + "\n";
}
