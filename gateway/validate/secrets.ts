import { unprintable } from "../formats/text";
import { needsPreSharedKey } from "../preSharedKey";
import type { GatewaySecrets, GatewaySpec } from "../spec";
import { error, warning, type Problem } from "./problem";

/** Secrets. Says their length or what kind of character is in the way, never what they are. */
export function secretProblems(spec: GatewaySpec, secrets: Partial<GatewaySecrets>, complete: boolean): Problem[] {
  return [
    ...(needsPreSharedKey(spec) ? preSharedKey(secrets.preSharedKey, complete) : []),
    ...(spec.ikev2 ? identity(secrets, complete) : []),
    ...spec.users.flatMap(({ name }, index) => password(spec, `users[${index}].password`, ownValue(secrets.passwords, name), complete)),
    ...strangers(spec, secrets.passwords),
  ];
}

function preSharedKey(key: string | undefined, complete: boolean): Problem[] {
  const path = "preSharedKey";
  if (key === undefined) {
    return complete ? [error(path, undefined, "L2TP needs a pre-shared key", "Give one, or leave it to the component to make one.")] : [];
  }
  if (key === "") return [error(path, undefined, "is empty", "Leave it out to have one made, or give at least 20 characters.")];
  const control = unprintable(key);
  if (control !== undefined) {
    return [error(path, undefined, `holds the control character ${control}`, "Use printable characters on one line.")];
  }
  const problems: Problem[] = [];
  if (key !== key.trim()) problems.push(warning(path, undefined, "has white space at an end, which people lose when they copy it", "Leave the space out."));
  if (/[^\x20-\x7e]/.test(key)) {
    problems.push(warning(path, undefined, "is not plain ASCII, and clients differ in how they send such characters", "Use ASCII."));
  }
  if (key.length < 20) {
    problems.push(warning(path, undefined, `has ${key.length} characters, and whoever records one log-in can try all short ones`, "Use 20 or more."));
  }
  return problems;
}

function identity(secrets: Partial<GatewaySecrets>, complete: boolean): Problem[] {
  const given = [secrets.privateKey, secrets.certificate, secrets.authority].filter((text) => text !== undefined).length;
  if (given === 0 && !complete) return [];
  const pem: [keyof GatewaySecrets & ("privateKey" | "certificate" | "authority"), RegExp, string][] = [
    ["privateKey", /^-----BEGIN (RSA |EC )?PRIVATE KEY-----\s[\s\S]*-----END (RSA |EC )?PRIVATE KEY-----\s*$/, "an unencrypted private key in PEM"],
    ["certificate", /^-----BEGIN CERTIFICATE-----\s[\s\S]*-----END CERTIFICATE-----\s*$/, "a certificate in PEM"],
    ["authority", /^-----BEGIN CERTIFICATE-----\s[\s\S]*-----END CERTIFICATE-----\s*$/, "a certificate in PEM"],
  ];
  return pem.flatMap(([path, form, what]) => {
    const text = secrets[path];
    if (text === undefined || text === "") {
      return [error(path, undefined, "is missing, and IKEv2 needs it", "Give private key, certificate and authority together.")];
    }
    return form.test(text.trim()) ? [] : [error(path, undefined, `is not ${what}`, "Give the whole text, with its BEGIN and END lines.")];
  });
}

function password(spec: GatewaySpec, path: string, given: string | undefined, complete: boolean): Problem[] {
  if (given === undefined) {
    return complete ? [error(path, undefined, "is missing", "Give one, or leave it to the component to make one.")] : [];
  }
  if (given === "") return [error(path, undefined, "is empty", "Leave it out to have one made.")];
  const control = unprintable(given);
  if (control !== undefined) {
    return [error(path, undefined, `holds the control character ${control}`, "Use printable characters on one line.")];
  }
  const problems: Problem[] = [];
  if (spec.l2tp && /[^\x20-\x7e]/.test(given)) {
    problems.push(error(path, undefined, "is not plain ASCII, and pppd gets such passwords wrong (it hashes bytes, clients hash characters)", "Use ASCII, or IKEv2 alone."));
  }
  if (spec.l2tp && given.startsWith("@/")) {
    problems.push(error(path, undefined, "begins with @/, which pppd reads as the path of a file", "Begin with something else."));
  }
  if (Buffer.byteLength(given) > 255) {
    problems.push(error(path, undefined, `has ${Buffer.byteLength(given)} bytes`, "Use at most 255."));
  }
  if (given.length < 12) {
    problems.push(warning(path, undefined, `has ${given.length} characters, and MS-CHAPv2 can be tried offline`, "Use 12 or more."));
  }
  return problems;
}

function strangers(spec: GatewaySpec, passwords: Record<string, string> | undefined): Problem[] {
  const known = new Set(spec.users.map(({ name }) => name));
  return Object.keys(passwords ?? {})
    .filter((name) => !known.has(name))
    .map((name) => warning("passwords", name, "is a password of no user", "Leave it out, or add the user."));
}

/** A user may be called `constructor`. */
function ownValue(passwords: Record<string, string> | undefined, name: string): string | undefined {
  return passwords !== undefined && Object.hasOwn(passwords, name) ? passwords[name] : undefined;
}
