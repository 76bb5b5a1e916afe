/** Something that is wrong with a spec. */
export interface Problem {
  /** Where, e.g. `users[3].name`. */
  path: string;
  /** What stands there, as JSON; never a secret. */
  value?: string;
  /** What is wrong with it. */
  message: string;
  /** What to do about it. */
  remedy: string;
  /** A warning stops nothing. */
  severity: "error" | "warning";
}

export function error(path: string, value: unknown, message: string, remedy: string): Problem {
  return { path, ...shown(value), message, remedy, severity: "error" };
}

export function warning(path: string, value: unknown, message: string, remedy: string): Problem {
  return { path, ...shown(value), message, remedy, severity: "warning" };
}

/** All problems as one text, errors first. */
export function problemsText(problems: readonly Problem[], what = "The gateway's description"): string {
  const ordered = [...problems.filter(({ severity }) => severity === "error"), ...problems.filter(({ severity }) => severity === "warning")];
  const errors = ordered.filter(({ severity }) => severity === "error").length;
  const counts = [count(errors, "error"), count(ordered.length - errors, "warning")].filter((text) => text !== "").join(", ");
  const lines = ordered.map(
    ({ path, value, message, remedy, severity }) =>
      `  ${severity} ${path}${value === undefined ? "" : ` (${value})`}: ${message}\n    ${remedy}`,
  );
  return [`${what} has ${counts || "no problem"}.`, ...lines].join("\n");
}

function count(number: number, noun: string): string {
  return number === 0 ? "" : `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** As JSON with all but ASCII escaped, so that what cannot be seen is seen, and cut if long. */
function shown(value: unknown): { value?: string } {
  if (value === undefined) return {};
  const text = (JSON.stringify(value) ?? String(value)).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return { value: text.length > 80 ? `${text.slice(0, 77)}...` : text };
}
