import { commentLines } from "./text";

/** A line of a Cisco device's configuration, word by word, and what stands within it. */
export interface CiscoLine {
  words: readonly string[];
  within?: readonly CiscoLine[];
}

const format = "Cisco CLI";

export function ciscoLine(...words: string[]): CiscoLine {
  return { words };
}

export function ciscoBlock(words: readonly string[], within: readonly CiscoLine[]): CiscoLine {
  return { words, within };
}

/**
 * Lines to be pasted in configuration mode. The language has no way to quote: a word is what is between spaces, `?` asks
 * for help even in the middle of a pasted word, and `!` begins a comment.
 *
 * @throws Error for a word that the command line cannot carry, without showing it: it may be a secret
 */
export function renderCiscoCli(lines: readonly CiscoLine[], heading: string): string {
  return [...commentLines(format, "!", heading), ...lines.flatMap((line) => rendered(line, 0))].join("\n") + "\n";
}

function rendered({ words, within = [] }: CiscoLine, depth: number): string[] {
  const bad = words.find((word) => !isCiscoWord(word));
  if (bad !== undefined) throw new Error(`${format}: a word after ${JSON.stringify(words[0])} holds a space, a question mark, a quote or what is not ASCII`);
  return [" ".repeat(depth) + words.join(" "), ...within.flatMap((line) => rendered(line, depth + 1)), ...(depth === 0 && within.length > 0 ? ["!"] : [])];
}

/** Can the command line carry it as one word? */
export function isCiscoWord(word: string): boolean {
  return /^[\x21-\x7e]+$/.test(word) && !/["?]/.test(word) && !word.startsWith("!");
}
