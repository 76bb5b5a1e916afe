import { commentLines } from "./text";

/** A line of a chain: an nft statement, with the reason for it. */
export interface Rule {
  rule: string;
  why?: string;
}

/** Rules that have one reason together: it stands above the first. */
export function withWhy(why: string, rules: Rule[]): Rule[] {
  return rules.map((rule, index) => (index === 0 ? { ...rule, why } : rule));
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
  /** Its elements are networks. */
  interval?: boolean;
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

/** What a connection adds to a table that it has together with others: sets and chains of its own, and elements of what they share. */
export interface Share {
  family: Table["family"];
  name: string;
  sets: NamedSet[];
  chains: Omit<Chain, "hook">[];
  elements: SharedElements[];
}

/** Elements of a set or map of the table itself. */
export interface SharedElements {
  set: string;
  elements: readonly SharedElement[];
}

export interface SharedElement {
  /** An address or a network. */
  address?: string;
  interface?: string;
  /** Of a map: what becomes of the packet, by which of the share's chains. */
  verdict?: { how: "jump" | "goto"; chain: string };
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
  const lines = [...head(heading), `table ${name}`, `delete table ${name}`, `table ${name} {`, ...table.sets.flatMap(namedSet)];
  for (const { name: set, key, elements } of table.pairs ?? []) {
    if (!/^[a-z0-9]+( [a-z0-9]+)*( \. [a-z0-9]+( [a-z0-9]+)*)+$/.test(key)) throw new Error(`${format}: ${JSON.stringify(key)} is no fields`);
    if (!elements.flat().every(Number.isSafeInteger)) throw new Error(`${format}: ${word(set)} holds whole numbers`);
    lines.push(`  set ${word(set)} {`, `    typeof ${key}`, `    elements = { ${elements.map((pair) => pair.join(" . ")).join(", ")} }`, "  }", "");
  }
  for (const one of table.counters ?? []) lines.push(`  counter ${word(one)} {`, "  }", "");
  for (const one of table.live ?? []) lines.push(...liveSet(one));
  lines.push(...table.chains.flatMap(chainOf));
  return closed(lines);
}

/**
 * A share of a table: a text that nft adds to the table as it runs, and whose lines after the block say what it has in the
 * table's own sets and maps (host/vpn_gateway/site_firewall.py makes one file of the table and all its shares).
 *
 * @throws Error for elements that are neither address nor network, and for names that are no names.
 */
export function renderNftShare(share: Share, heading: string): string {
  const name = `${share.family} ${word(share.name)}`;
  const block = closed([...head(heading), `table ${name} {`, ...share.sets.flatMap(namedSet), ...share.chains.flatMap(chainOf)]);
  const shared = share.elements.filter(({ elements }) => elements.length > 0);
  return block + shared.map(({ set, elements }) => `add element ${name} ${word(set)} { ${elements.map(sharedElement).join(", ")} }\n`).join("");
}

function head(heading: string): string[] {
  return ["#!/usr/sbin/nft -f", ...commentLines(format, "#", heading)];
}

function closed(lines: string[]): string {
  return [...(lines.at(-1) === "" ? lines.slice(0, -1) : lines), "}"].join("\n") + "\n";
}

function namedSet({ name, type, elements }: NamedSet): string[] {
  const filled = elements.length > 0 ? [`    elements = { ${elements.map(element).join(", ")} }`] : [];
  return [`  set ${word(name)} {`, `    type ${type}`, "    flags interval", "    auto-merge", ...filled, "  }", ""];
}

function liveSet({ name, key, verdicts, marks, counter, timeout, interval, size = 65_536 }: LiveSet): string[] {
  if (!/^[a-z0-9_]+( \. [a-z0-9_]+)*$/.test(key)) throw new Error(`${format}: ${JSON.stringify(key)} is no type`);
  const to = verdicts ? " : verdict" : marks ? " : mark" : "";
  return [
    `  ${to === "" ? "set" : "map"} ${word(name)} {`,
    `    type ${key}${to}`,
    ...(counter ? ["    counter"] : []),
    ...(interval ? ["    flags interval"] : []),
    // Full, it takes no more, and what a rule of it would refuse passes.
    ...(timeout === undefined ? [] : ["    flags dynamic", `    timeout ${timeout}s`, `    size ${size}`]),
    "  }",
    "",
  ];
}

function chainOf({ name, hook, rules }: Chain): string[] {
  return [
    `  chain ${word(name)} {`,
    ...(hook === undefined ? [] : [`    ${hook}`]),
    ...rules.flatMap(({ rule, why }) => [...(why === undefined ? [] : commentLines(format, "    #", why)), `    ${rule}`]),
    "  }",
    "",
  ];
}

function sharedElement({ address, interface: name, verdict }: SharedElement): string {
  const key = [...(address === undefined ? [] : [element(address)]), ...(name === undefined ? [] : [`"${device(name)}"`])].join(" . ");
  if (key === "") throw new Error(`${format}: an element without a key`);
  return verdict === undefined ? key : `${key} : ${verdict.how} ${word(verdict.chain)}`;
}

/** dev_valid_name() of the kernel (net/core/dev.c), less what nft would read as a pattern or the end of the string. */
function device(text: string): string {
  if (!/^[A-Za-z0-9_.-]{1,15}$/.test(text)) throw new Error(`${format}: ${JSON.stringify(text)} is no name of an interface`);
  return text;
}

function word(text: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(text)) throw new Error(`${format}: ${JSON.stringify(text)} is no identifier`);
  return text;
}

function element(text: string): string {
  if (!/^[0-9a-fA-F.:]+(\/\d{1,3})?$/.test(text)) throw new Error(`${format}: ${JSON.stringify(text)} is no address or network`);
  return text;
}
