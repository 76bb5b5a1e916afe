import { commentLines } from "./text";

/** A line of a chain: an nft statement, with the reason for it. */
export interface Rule {
  rule: string;
  why?: string;
}

export interface Chain {
  name: string;
  /** `type … hook … priority …; policy …;` of a base chain; none: a chain that is jumped to. */
  hook?: string;
  rules: Rule[];
}

export interface NamedSet {
  name: string;
  type: "ipv4_addr" | "ipv6_addr";
  elements: readonly string[];
}

/** A set or map that is filled while the gateway runs. */
export interface LiveSet {
  name: string;
  /** What it is looked up by, as nft's words for the types; with `verdicts` a map to what becomes of the packet. */
  key: string;
  verdicts?: boolean;
  /** A map to a mark. */
  marks?: boolean;
  /** Each element counts packets and bytes. */
  counter?: boolean;
  /** Filled by the rules themselves: seconds after which an element that is not seen again is forgotten. */
  timeout?: number;
  /** As many elements such a set takes. @default 65536 */
  size?: number;
}

/** A set of pairs of numbers, for two fields of a packet that must fit each other. */
export interface NumberPairs {
  name: string;
  /** nft's words for two fields that are as wide. */
  key: string;
  elements: readonly (readonly [number, number])[];
}

export interface Table {
  /** `bridge`: rules for frames that a bridge forwards. */
  family: "inet" | "bridge";
  name: string;
  sets: NamedSet[];
  live?: LiveSet[];
  pairs?: readonly NumberPairs[];
  /** Counters that rules name: what a machine is to read by itself. */
  counters?: readonly string[];
  chains: Chain[];
}

const format = "nft";

/**
 * A table as a file for `nft -f`. nft carries a file out as one transaction, and the file begins by declaring and
 * deleting the table, so that loading it again replaces the rules whole, with no moment in between.
 *
 * @throws Error for set elements that are neither address nor network.
 */
export function renderNft(table: Table, heading: string): string {
  const name = `${table.family} ${word(table.name)}`;
  const lines = ["#!/usr/sbin/nft -f", ...commentLines(format, "#", heading), `table ${name}`, `delete table ${name}`, `table ${name} {`];
  for (const set of table.sets) {
    lines.push(`  set ${word(set.name)} {`, `    type ${set.type}`, "    flags interval", "    auto-merge");
    if (set.elements.length > 0) lines.push(`    elements = { ${set.elements.map(element).join(", ")} }`);
    lines.push("  }", "");
  }
  for (const { name: set, key, elements } of table.pairs ?? []) {
    if (!/^[a-z0-9]+( [a-z0-9]+)*( \. [a-z0-9]+( [a-z0-9]+)*)+$/.test(key)) throw new Error(`${format}: ${JSON.stringify(key)} is no fields`);
    if (!elements.flat().every(Number.isSafeInteger)) throw new Error(`${format}: ${word(set)} holds whole numbers`);
    lines.push(`  set ${word(set)} {`, `    typeof ${key}`, `    elements = { ${elements.map((pair) => pair.join(" . ")).join(", ")} }`, "  }", "");
  }
  for (const one of table.counters ?? []) lines.push(`  counter ${word(one)} {`, "  }", "");
  for (const { name: set, key, verdicts, marks, counter, timeout, size = 65_536 } of table.live ?? []) {
    if (!/^[a-z0-9_]+( \. [a-z0-9_]+)*$/.test(key)) throw new Error(`${format}: ${JSON.stringify(key)} is no type`);
    const to = verdicts ? " : verdict" : marks ? " : mark" : "";
    lines.push(`  ${to === "" ? "set" : "map"} ${word(set)} {`, `    type ${key}${to}`);
    if (counter) lines.push("    counter");
    // Full, it takes no more, and what a rule of it would refuse passes.
    if (timeout !== undefined) lines.push("    flags dynamic", `    timeout ${timeout}s`, `    size ${size}`);
    lines.push("  }", "");
  }
  for (const chain of table.chains) {
    lines.push(`  chain ${word(chain.name)} {`);
    if (chain.hook !== undefined) lines.push(`    ${chain.hook}`);
    for (const { rule, why } of chain.rules) {
      if (why !== undefined) lines.push(...commentLines(format, "    #", why));
      lines.push(`    ${rule}`);
    }
    lines.push("  }", "");
  }
  if (lines.at(-1) === "") lines.pop();
  lines.push("}");
  return lines.join("\n") + "\n";
}

function word(text: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(text)) throw new Error(`${format}: ${JSON.stringify(text)} is no identifier`);
  return text;
}

function element(text: string): string {
  if (!/^[0-9a-fA-F.:]+(\/\d{1,3})?$/.test(text)) throw new Error(`${format}: ${JSON.stringify(text)} is no address or network`);
  return text;
}
