import { commentLines, refuseUnprintable } from "./text";

/** A value of FortiOS's `set`: a word of its own language, or text that somebody chose, which is quoted. */
export type FortiosValue = { word: string } | { text: string };

export interface FortiosEntry {
  /** What `edit` names: text, or a number (0: the next free one). */
  name: string | number;
  settings: readonly (readonly [name: string, ...values: FortiosValue[]])[];
}

/** One `config … end`. */
export interface FortiosSection {
  path: readonly string[];
  entries: readonly FortiosEntry[];
}

const format = "FortiOS CLI";

export const word = (text: string | number): FortiosValue => ({ word: String(text) });
export const text = (value: string): FortiosValue => ({ text: value });

/**
 * FortiOS's `config`, `edit`, `set`, `next`, `end`.
 * Quotes and backslashes are escaped by a backslash within quotes (FortiOS CLI reference, "Command syntax"); `?` asks for
 * help even within quotes, and cannot be pasted.
 *
 * @throws Error for a value that cannot be carried, without showing it
 */
export function renderFortios(sections: readonly FortiosSection[], heading: string): string {
  const lines = sections.flatMap(({ path, entries }) => [
    `config ${path.map(plain).join(" ")}`,
    ...entries.flatMap(({ name, settings }) => [
      `    edit ${typeof name === "number" ? name : quoted(name)}`,
      ...settings.map(([key, ...values]) => `        set ${[plain(key), ...values.map(value)].join(" ")}`),
      "    next",
    ]),
    "end",
  ]);
  return [...commentLines(format, "#", heading), ...lines].join("\n") + "\n";
}

function value(given: FortiosValue): string {
  return "word" in given ? plain(given.word) : quoted(given.text);
}

function plain(one: string): string {
  if (!/^[A-Za-z0-9.:/_-]+$/.test(one)) throw new Error(`${format}: ${JSON.stringify(one)} is no word`);
  return one;
}

function quoted(given: string): string {
  refuseUnprintable(format, given);
  if (given.includes("?")) throw new Error(`${format}: a value holds a question mark, which the command line takes for a request for help`);
  return `"${given.replace(/["\\]/g, "\\$&")}"`;
}
