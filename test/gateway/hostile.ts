import * as fc from "fast-check";

/** Strings made of what configuration formats treat specially, mixed with anything at all. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...`"'\\{}[]()#;=%$*@!,:/-+~ \`aZ0é漢😀`, "include ", "\n", "\r", "\t", "\0", "\u0085", "\u2028", "0s", "0x", "@/", "=", "end\n"), { minLength: 1, maxLength: 16 }).map((pieces) => pieces.join("")) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 40 }) },
);

/** What a serialiser made of it, or undefined if it refused; the refusal must not tell the value. */
export function attempt(value: string, render: () => string): string | undefined {
  try {
    return render();
  } catch (error) {
    if (value.length > 12 && (error as Error).message.includes(value)) throw new Error("a refusal shows the value", { cause: error });
    return undefined;
  }
}
