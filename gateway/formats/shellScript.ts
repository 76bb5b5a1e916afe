import { commentLines, refuseUnprintable } from "./text";

/** A word of a POSIX shell's that stands for just this text. */
export function word(text: string): string {
  refuseUnprintable("shell", text);
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

const end = "END_OF_FILE";

/**
 * Lines that write a file with just this content and these permissions, which it has before the content is in it.
 *
 * @throws Error for a content that does not end with a line end, or that holds the line that ends it.
 */
export function writeFile(path: string, mode: number, content: string): string[] {
  if (!content.endsWith("\n")) throw new Error(`shell: the content of ${path} does not end with a line end`);
  const lines = content.slice(0, -1).split("\n");
  if (lines.includes(end)) throw new Error(`shell: the content of ${path} holds the line ${end}`);
  const folder = path.slice(0, path.lastIndexOf("/"));
  return [`mkdir -p ${word(folder)}`, `install -m ${mode.toString(8).padStart(4, "0")} /dev/null ${word(path)}`, `cat >${word(path)} <<'${end}'`, ...lines, end];
}

/** A script of POSIX sh. The lines are the shell's own: values go through {@link word} and {@link writeFile}. */
export function renderShellScript(lines: readonly string[], heading: string): string {
  return ["#!/bin/sh", ...commentLines("shell", "#", heading), ...lines, ""].join("\n");
}
