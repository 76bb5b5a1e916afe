import { commentLines } from "./text";

/** A kernel parameter, and the reason it is set. */
export interface KernelParameter {
  /** Name with dots; one part may be `*` (sysctl.d(5) globs), and with `-` before it there may be no such key. */
  key: string;
  value: number;
  why: string;
}

/**
 * A file for /etc/sysctl.d.
 *
 * @throws Error for a key that is no kernel parameter's name.
 */
export function renderSysctl(parameters: KernelParameter[], heading?: string): string {
  const lines = heading === undefined ? [] : commentLines("sysctl", "#", heading);
  for (const { key, value, why } of parameters) {
    if (!/^-?[a-z0-9_]+(\.([a-z0-9_-]+|\*))+$/.test(key)) throw new Error(`sysctl: no key: ${JSON.stringify(key)}`);
    if (!Number.isInteger(value)) throw new Error(`sysctl: ${key}: no integer: ${value}`);
    lines.push(...commentLines("sysctl", "#", why), `${key} = ${value}`);
  }
  return lines.join("\n") + "\n";
}
