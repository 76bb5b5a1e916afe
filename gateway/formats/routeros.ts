import { commentLines, refuseUnprintable } from "./text";

export interface RouterosCommand {
  /** E.g. `/ip ipsec peer`. */
  menu: string;
  action: "add" | "import" | "set";
  /** Properties, in order. */
  properties: readonly (readonly [name: string, value: string])[];
}

const format = "RouterOS";

/**
 * A RouterOS script, as `/import` or the terminal takes it. Values that are not plain words stand in quotes, where `"`, `\`,
 * `$` (a variable) and `?` (help) need a backslash before them (RouterOS manual, Scripting, "Constant Escape Sequences").
 *
 * @throws Error for what a script cannot carry, without showing it
 */
export function renderRouteros(commands: readonly RouterosCommand[], heading: string): string {
  const lines = commands.map(({ menu, action, properties }) => {
    if (!/^(\/[a-z0-9-]+( [a-z0-9-]+)*)$/.test(menu)) throw new Error(`${format}: ${JSON.stringify(menu)} is no menu`);
    return [menu, action, ...properties.map(([name, value]) => `${plainName(name)}=${routerosValue(value)}`)].join(" ");
  });
  return [...commentLines(format, "#", heading), ...lines].join("\n") + "\n";
}

function plainName(name: string): string {
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`${format}: ${JSON.stringify(name)} is no property`);
  return name;
}

export function routerosValue(value: string): string {
  refuseUnprintable(format, value);
  if (/^[A-Za-z0-9.:/,_-]+$/.test(value)) return value;
  if (/[^\x20-\x7e]/.test(value)) throw new Error(`${format}: a value is not plain ASCII`);
  return `"${value.replace(/["\\$?]/g, "\\$&")}"`;
}
