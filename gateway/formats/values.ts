import { refuseUnprintable } from "./text";

export interface ValueSection {
  title: string;
  /** What a form calls the value, and the value; a list is one line each. */
  values: readonly (readonly [label: string, value: string | readonly string[]])[];
  notes?: readonly string[];
}

const format = "text";

/** A text for a person to copy from: labels and values in two columns. A value ends with its line. */
export function renderValues(title: string, sections: readonly ValueSection[]): string {
  const lines = [line(title), ""];
  for (const section of sections) {
    lines.push(line(section.title), "-".repeat([...section.title].length));
    const width = Math.max(...section.values.map(([label]) => label.length)) + 2;
    for (const [label, value] of section.values) {
      const items = typeof value === "string" ? [value] : value;
      items.forEach((item, index) => lines.push(`${line(index === 0 ? `${label}:` : "").padEnd(width)}${line(item)}`));
    }
    for (const note of section.notes ?? []) lines.push(line(note));
    lines.push("");
  }
  return lines.slice(0, -1).join("\n") + "\n";
}

function line(text: string): string {
  return refuseUnprintable(format, text);
}
