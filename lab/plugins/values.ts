/**
 * The values that cross Pulumi's provider protocol: property structs, in which
 * a value may be wrapped as a secret or stand for "not known before the update".
 */
import { isDeepStrictEqual } from "node:util";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

/** A property's value, without wrappers. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
/** The properties of one resource. */
export type Properties = Record<string, Value>;

/** What the protocol sends for a value that only the update will know (an sdk constant). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Marks a value as secret, so that the engine encrypts it in the state and never prints it. */
export function secret(value: Value): Value {
  return { [SIGNATURE_KEY]: SECRET_SIGNATURE, value };
}

/** Takes the secret and output wrappers off, at every depth. */
export function unwrap(value: Value): Value {
  if (Array.isArray(value)) {
    return value.map(unwrap);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  if (value[SIGNATURE_KEY] === SECRET_SIGNATURE) {
    return unwrap(value.value ?? null);
  }
  if (value[SIGNATURE_KEY] === OUTPUT_SIGNATURE) {
    return "value" in value ? unwrap(value.value) : UNKNOWN;
  }
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, unwrap(child)]));
}

/** Reads a struct into plain properties; a null counts as not given. */
export function fromStruct(struct: Struct | undefined): Properties {
  const plain = unwrap((struct?.toJavaScript() ?? {}) as Properties) as Properties;
  return Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== null));
}

/** Writes properties into a struct, the named ones wrapped as secrets. */
export function toStruct(properties: Properties, secretNames: readonly string[] = []): Struct {
  const wrapped = Object.entries(properties)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => [key, secretNames.includes(key) ? secret(value) : value]);
  return Struct.fromJavaScript(Object.fromEntries(wrapped) as Record<string, JavaScriptValue>);
}

/** Whether the value is, or holds, one that only the update will know. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) {
    return true;
  }
  if (Array.isArray(value)) {
    return value.some(hasUnknown);
  }
  return value !== null && typeof value === "object" && Object.values(value).some(hasUnknown);
}

/** Whether two values are the same; an unknown is never known to be the same. */
export function same(left: Value | undefined, right: Value | undefined): boolean {
  return !hasUnknown(left) && !hasUnknown(right) && isDeepStrictEqual(left, right);
}

/** A string property, or undefined. */
export function text(properties: Properties, name: string): string | undefined {
  const value = properties[name];
  return typeof value === "string" ? value : undefined;
}

/** A number property, or undefined. */
export function number(properties: Properties, name: string): number | undefined {
  const value = properties[name];
  return typeof value === "number" ? value : undefined;
}

/** A boolean property, or undefined. */
export function flag(properties: Properties, name: string): boolean | undefined {
  const value = properties[name];
  return typeof value === "boolean" ? value : undefined;
}

/** A list of strings; what is not a string is left out. */
export function texts(properties: Properties, name: string): string[] {
  const value = properties[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** A nested object, or undefined. */
export function object(properties: Properties, name: string): Properties | undefined {
  const value = properties[name];
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
}
