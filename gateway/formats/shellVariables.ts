import { commentLines } from "./text";

/** A variable of a file that a shell reads in, with the reason for it. */
export interface ShellVariable {
  name: string;
  value: string;
  why?: string;
}

const format = "shell variables";

/**
 * Assignments for a file that init scripts source, each value between double quotes, in which nothing is expanded.
 *
 * @throws Error for a value that a shell would read as something else.
 */
export function renderShellVariables(variables: readonly ShellVariable[], heading: string): string {
  const lines = commentLines(format, "#", heading);
  for (const { name, value, why } of variables) {
    if (why !== undefined) lines.push(...commentLines(format, "#", why));
    if (!/^[a-z][a-z0-9_]*$/i.test(name)) throw new Error(`${format}: no name of a variable: ${JSON.stringify(name)}`);
    if (!/^[A-Za-z0-9 ._:/@-]*$/.test(value)) throw new Error(`${format}: ${name} holds what a shell would expand`);
    lines.push(`${name}="${value}"`);
  }
  return lines.join("\n") + "\n";
}
