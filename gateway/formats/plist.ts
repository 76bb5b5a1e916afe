import { refuseUnprintable } from "./text";

/** What a property list may hold; a number is a whole one. */
export type PlistValue = string | number | boolean | Uint8Array | readonly PlistValue[] | { readonly [key: string]: PlistValue };

const format = "property list";

/**
 * A property list in XML, as macOS and iOS read it (plist(5), Apple's PropertyList-1.0.dtd).
 *
 * @throws Error for characters that XML 1.0 cannot carry, and for numbers that are not whole.
 */
export function renderPlist(value: PlistValue): string {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
  ];
  write(value, "", lines);
  lines.push("</plist>");
  return lines.join("\n") + "\n";
}

function write(value: PlistValue, indent: string, lines: string[]): void {
  if (typeof value === "string") lines.push(`${indent}<string>${escaped(value)}</string>`);
  else if (typeof value === "boolean") lines.push(`${indent}<${value ? "true" : "false"}/>`);
  else if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error(`${format}: ${value} is no whole number`);
    lines.push(`${indent}<integer>${value}</integer>`);
  } else if (value instanceof Uint8Array) lines.push(`${indent}<data>${Buffer.from(value).toString("base64")}</data>`);
  else if (Array.isArray(value)) {
    lines.push(`${indent}<array>`);
    for (const item of value as readonly PlistValue[]) write(item, `${indent}  `, lines);
    lines.push(`${indent}</array>`);
  } else {
    lines.push(`${indent}<dict>`);
    for (const [key, item] of Object.entries(value)) {
      lines.push(`${indent}  <key>${escaped(key)}</key>`);
      write(item, `${indent}  `, lines);
    }
    lines.push(`${indent}</dict>`);
  }
}

function escaped(text: string): string {
  return refuseUnprintable(format, text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
