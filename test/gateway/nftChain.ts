/** The rules of a chain of a rendered table, without its comments. */
export function nftChain(text: string, name: string): string[] {
  const body = new RegExp(`  chain ${name} \\{\\n([\\s\\S]*?)\\n  \\}`).exec(text)?.[1] ?? "";
  return body.split("\n").map((line) => line.trim()).filter((line) => !line.startsWith("#"));
}
