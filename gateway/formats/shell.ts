import { commentLines, refuseUnprintable } from "./text";

const format = "shell";

/** A POSIX shell script: variables, each a list of words in quotes, and a body that is the same for everybody. */
export function renderShell(variables: Readonly<Record<string, string>>, body: string, heading: string): string {
  const assigned = Object.entries(variables).map(([name, value]) => {
    if (!/^[a-z][a-z_]*$/.test(name)) throw new Error(`${format}: ${JSON.stringify(name)} is no name of a variable`);
    return `${name}=${shellWord(value)}`;
  });
  return ["#!/bin/sh", ...commentLines(format, "#", heading), ...assigned, body.trim()].join("\n") + "\n";
}

/** One word of a shell's line: within single quotes nothing has a meaning but the quote (POSIX.1-2024, 2.2.2). */
export function shellWord(text: string): string {
  refuseUnprintable(format, text);
  return /^[A-Za-z0-9_.:/@%+-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}
