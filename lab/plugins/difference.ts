/** What differs between the inputs that a resource was made from and those it has now. */
import type { ResourceType } from "./provider";
import { same, type Properties, type Value } from "./values";

/** One difference, as the protocol's detailed diff has it. */
export interface Difference {
  /** The top-level property. */
  readonly property: string;
  /** The path of what differs, as deep as both sides are objects. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly replace: boolean;
  /** False where a property of the state, not an input, asks for the change. */
  readonly ofInput: boolean;
}

/** Lists the differences; empty when there is nothing to do. */
export function differences(
  type: ResourceType,
  old: Properties,
  inputs: Properties,
  state: Properties,
  ignored: readonly string[] = [],
): Difference[] {
  const found: Difference[] = [];
  for (const property of new Set([...Object.keys(old), ...Object.keys(inputs)])) {
    if (ignored.includes(property) || same(old[property], inputs[property])) {
      continue;
    }
    const replace = !type.update || (type.replaces?.(property, inputs) ?? false);
    for (const { path, kind } of changes(property, old[property], inputs[property])) {
      found.push({ property, path, kind, replace, ofInput: true });
    }
  }
  for (const property of type.expired?.({ ...state, ...inputs }) ?? []) {
    found.push({ property, path: property, kind: "update", replace: true, ofInput: false });
  }
  return found;
}

function changes(
  path: string,
  old: Value | undefined,
  now: Value | undefined,
): { path: string; kind: Difference["kind"] }[] {
  if (old === undefined) {
    return [{ path, kind: "add" }];
  }
  if (now === undefined) {
    return [{ path, kind: "delete" }];
  }
  if (isObject(old) && isObject(now)) {
    return [...new Set([...Object.keys(old), ...Object.keys(now)])]
      .filter((key) => !same(old[key], now[key]))
      .flatMap((key) => changes(child(path, key), old[key], now[key]));
  }
  return [{ path, kind: "update" }];
}

function child(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function isObject(value: Value): value is { [key: string]: Value } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
