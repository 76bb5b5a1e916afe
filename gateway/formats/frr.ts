import { commentLines, refuseUnprintable } from "./text";

/** A line, or a context that lines belong to, of FRR's integrated configuration (vtysh(1), frr.conf). */
export type FrrEntry =
  | { kind: "line"; words: readonly (string | number)[]; why?: string }
  | { kind: "context"; words: readonly (string | number)[]; entries: FrrEntry[]; why?: string };

const format = "frr.conf";

/** One command, each word by itself: `line("neighbor", address, "remote-as", 64512)`. */
export function line(...words: (string | number)[]): FrrEntry {
  return { kind: "line", words };
}

/** A command that opens a context, and the commands within it. */
export function context(words: readonly (string | number)[], entries: FrrEntry[]): FrrEntry {
  return { kind: "context", words, entries };
}

/** The same with the reason for it, as a comment before it. */
export function because(why: string, entry: FrrEntry): FrrEntry {
  return { ...entry, why };
}

/**
 * A tree as text for vtysh. Every context is closed by the word that vtysh itself writes, since frr-reload.py tells
 * contexts apart by it. vtysh has no quoting: a word is what stands between two spaces, and `!` and `#` begin a comment.
 *
 * @throws Error for a word that vtysh would read as something else.
 */
export function renderFrr(entries: readonly FrrEntry[], heading: string): string {
  const lines = commentLines(format, "!", heading);
  write(entries, "", lines);
  return lines.join("\n") + "\n";
}

function write(entries: readonly FrrEntry[], indent: string, lines: string[]): void {
  for (const entry of entries) {
    if (entry.why !== undefined) lines.push(...commentLines(format, `${indent}!`, entry.why));
    lines.push(`${indent}${entry.words.map(word).join(" ")}`);
    if (entry.kind === "line") continue;
    write(entry.entries, `${indent} `, lines);
    lines.push(`${indent}${entry.words[0] === "address-family" ? "exit-address-family" : "exit"}`);
  }
}

function word(value: string | number): string {
  const text = refuseUnprintable(format, String(value));
  // Names, addresses and numbers; and of regular expressions over AS paths what is needed for them.
  if (!/^[A-Za-z0-9_./:^$[\]*+()-]+$/.test(text)) throw new Error(`${format}: ${JSON.stringify(text)} is not one word`);
  return text;
}
