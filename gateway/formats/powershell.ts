import { commentLines, refuseUnprintable } from "./text";

/** What a variable of a script may hold. */
export type PowerShellValue = string | boolean | readonly string[];

/**
 * A PowerShell script: a heading, variables, and a body that is the same for everybody. Values come in by the variables
 * alone, so that nothing that a person chose is ever code.
 *
 * The text is ASCII: Windows PowerShell 5.1 reads a script without a byte order mark in the machine's own code page.
 *
 * @param body ASCII; what it needs to know of its user it reads from the variables
 * @throws Error for a name that is no variable's, and for values with control characters.
 */
export function renderPowerShell(parameters: string, variables: Readonly<Record<string, PowerShellValue>>, body: string, heading: string): string {
  const assigned = Object.entries(variables).map(([name, value]) => {
    if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) throw new Error(`${format}: ${JSON.stringify(name)} is no name of a variable`);
    return `$${name} = ${literal(value)}`;
  });
  const text = [...commentLines(format, "#", heading), "", parameters.trim(), "", ...assigned, "", body.trim()].join("\n") + "\n";
  if (/[^\x20-\x7e\n]/.test(text)) throw new Error(`${format}: the heading or the body is not plain ASCII`);
  return text;
}

const format = "PowerShell";

function literal(value: PowerShellValue): string {
  if (typeof value === "boolean") return value ? "$true" : "$false";
  if (typeof value === "string") return quoted(value);
  return `@(${value.map(quoted).join(", ")})`;
}

/**
 * about_Quoting_Rules: within single quotes nothing has a meaning but the quote itself, which is doubled. PowerShell also
 * takes the typographic U+2018 to U+201B for it, so what is not ASCII goes in base64.
 */
function quoted(text: string): string {
  refuseUnprintable(format, text);
  if (/^[\x20-\x7e]*$/.test(text)) return `'${text.replace(/'/g, "''")}'`;
  return `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${Buffer.from(text, "utf8").toString("base64")}'))`;
}
