/** Names the characters of a text that no line-oriented configuration file can carry; undefined when there are none. */
export function unprintable(text: string): string | undefined {
  for (const character of text) {
    const code = character.codePointAt(0)!;
    // C0, DEL and C1 controls, and the two separators that some readers take for the end of a line.
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x2028 || code === 0x2029) return codeName(code);
    // No characters, and XML cannot carry them (a password that Apple's profiles could not hold).
    if (code === 0xfffe || code === 0xffff) return codeName(code);
    // Half of a surrogate pair has no UTF-8 form: it would silently become U+FFFD.
    if (code >= 0xd800 && code <= 0xdfff) return codeName(code);
  }
  return undefined;
}

/** @throws Error naming the format and the character, never the text: it may be a secret. */
export function refuseUnprintable(format: string, text: string): string {
  const found = unprintable(text);
  if (found !== undefined) throw new Error(`${format}: a value holds the character ${found}, which the format cannot carry`);
  return text;
}

/** Comment lines, each with `prefix`. */
export function commentLines(format: string, prefix: string, comment: string): string[] {
  return comment.split("\n").map((line) => `${prefix} ${refuseUnprintable(format, line)}`.trimEnd());
}

function codeName(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
