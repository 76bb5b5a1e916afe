import { commentLines, refuseUnprintable } from "./text";

/** A line or a block of keepalived.conf(5). */
export type KeepalivedEntry =
  | { kind: "line"; words: readonly (string | number)[]; why?: string }
  | { kind: "block"; words: readonly (string | number)[]; entries: KeepalivedEntry[]; why?: string };

const format = "keepalived.conf";

export function line(words: string | number | readonly (string | number)[], why?: string): KeepalivedEntry {
  return { kind: "line", words: typeof words === "object" ? words : [words], why };
}

export function block(words: string | readonly (string | number)[], entries: KeepalivedEntry[], why?: string): KeepalivedEntry {
  return { kind: "block", words: typeof words === "string" ? [words] : words, entries, why };
}

/**
 * A tree as keepalived.conf. Every word that is not plain is quoted; keepalived takes `!` and `#` for comments and `$`
 * and `@` for definitions and conditions, inside quotes too, so that none of them can be carried.
 *
 * @throws Error for a word that the format cannot carry.
 */
export function renderKeepalived(entries: KeepalivedEntry[], heading: string): string {
  const lines = commentLines(format, "#", heading);
  write(entries, "", lines);
  return lines.join("\n") + "\n";
}

function write(entries: KeepalivedEntry[], indent: string, lines: string[]): void {
  for (const entry of entries) {
    if (entry.why !== undefined) lines.push(...commentLines(format, `${indent}#`, entry.why));
    const words = entry.words.map(word).join(" ");
    if (entry.kind === "line") {
      lines.push(`${indent}${words}`);
    } else {
      lines.push(`${indent}${words} {`);
      write(entry.entries, `${indent}  `, lines);
      lines.push(`${indent}}`);
    }
  }
}

function word(value: string | number): string {
  const text = refuseUnprintable(format, String(value));
  if (/^[A-Za-z0-9_./:-]+$/.test(text)) return text;
  if (text === "" || /["!#$@{}\\~]/.test(text)) throw new Error(`${format}: ${JSON.stringify(text)} cannot be written in it`);
  return `"${text}"`;
}
