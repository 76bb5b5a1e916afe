import { commentLines, refuseUnprintable } from "./text";

/** A value of FortiOS's `set`: a word of its own language, or text that somebody chose, which is quoted. */
export type FortiosValue = { word: string } | { text: string };

type FortiosSettings = readonly (readonly [name: string, ...values: FortiosValue[]])[];

export interface FortiosEntry {
  /** What `edit` names: text, or a number (0: the next free one). */
  name: string | number;
  settings: FortiosSettings;
  sections?: readonly FortiosSection[];
}

/** One `config … end`. */
export interface FortiosSection {
  path: readonly string[];
  settings?: FortiosSettings;
  sections?: readonly FortiosSection[];
  entries?: readonly FortiosEntry[];
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
  return [...commentLines(format, "#", heading), ...sections.flatMap(section)].join("\n") + "\n";
}

function section({ path, settings = [], sections = [], entries = [] }: FortiosSection): string[] {
  return [
    `config ${path.map(plain).join(" ")}`,
    ...indented([
      ...settings.map(setting),
      ...sections.flatMap(section),
      ...entries.flatMap((entry) => [
        `edit ${typeof entry.name === "number" ? entry.name : quoted(entry.name)}`,
        ...indented([...entry.settings.map(setting), ...(entry.sections ?? []).flatMap(section)]),
        "next",
      ]),
    ]),
    "end",
  ];
}

function setting([key, ...values]: FortiosSettings[number]): string {
  return `set ${[plain(key), ...values.map(value)].join(" ")}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
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
