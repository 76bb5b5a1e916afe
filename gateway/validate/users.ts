import { parseAddress } from "../addressing";
import { unprintable } from "../formats/text";
import { admitsOthers } from "../radius";
import type { GatewaySpec } from "../spec";
import { error, warning, type Problem } from "./problem";

/** Names of users: each by itself, and against the others. */
export function userProblems(spec: GatewaySpec): Problem[] {
  const problems: Problem[] = [];
  if (spec.users.length === 0 && (spec.l2tp || spec.ikev2) && !admitsOthers(spec)) {
    problems.push(warning("users", [], "nobody may connect", "Name at least one user."));
  }
  const exact = new Map<string, number>();
  const folded = new Map<string, number>();
  spec.users.forEach(({ name }, index) => {
    const path = `users[${index}].name`;
    const wrong = nameProblem(name);
    if (wrong !== undefined) problems.push(error(path, name, wrong.message, wrong.remedy));
    if (spec.l2tp && /[^\x20-\x7e]/.test(name) && unprintable(name) === undefined) {
      problems.push(error(path, name, "is not plain ASCII, and pppd rewrites such names before it compares them", "Use ASCII, or IKEv2 alone."));
    }
    const same = exact.get(name);
    const alike = folded.get(asciiLower(name));
    if (same !== undefined) {
      problems.push(error(path, name, `is the same user as users[${same}]`, "Leave one of them out."));
    } else if (alike !== undefined) {
      problems.push(differsInCase(spec, path, name, alike));
    }
    if (same === undefined) exact.set(name, index);
    if (alike === undefined) folded.set(asciiLower(name), index);
  });
  return problems;
}

/** strongSwan compares names without regard to case, and would take either one's password for the other's. */
function differsInCase(spec: GatewaySpec, path: string, name: string, other: number): Problem {
  const message = `differs from users[${other}] in upper and lower case only`;
  return spec.ikev2
    ? error(path, name, `${message}, which IKEv2 takes for the same user`, "Rename one of them.")
    : warning(path, name, message, "Rename one of them.");
}

/** Words that strongSwan reads as the type of an identity (identification.c). */
const typed = /^(\{[^}]*\}|ipv[46](net|range)?|rfc822|email|userfqdn|fqdn|dns|asn1[dg]n|xmppaddr|keyid|uri):/i;

/**
 * What a name may not be, because one of the programs would take it for something else than these characters.
 * Everything else (quotes, `#`, braces, one backslash) is carried as it is; other scripts than ASCII by IKEv2 alone.
 */
export function nameProblem(name: string): { message: string; remedy: string } | undefined {
  if (typeof name !== "string" || name === "") return { message: "is empty", remedy: "Give the user a name." };
  const control = unprintable(name);
  if (control !== undefined) {
    return { message: `holds the control character ${control}`, remedy: "Use printable characters on one line." };
  }
  if ([...name].length > 64) return { message: "is longer than 64 characters", remedy: "Use a shorter name." };
  if (Buffer.byteLength(name) > 255) return { message: "is longer than 255 bytes", remedy: "Use a shorter name." };
  if (name !== name.trim()) return { message: "begins or ends with white space", remedy: "Leave the space out." };
  if (name.startsWith("*")) return { message: "begins with *, which stands for any user", remedy: "Begin with something else." };
  if (name.startsWith("@") || name.startsWith("%")) {
    return { message: `begins with ${name[0]}, which has a meaning in strongSwan's identities`, remedy: "Begin with something else." };
  }
  if (name.includes("=")) return { message: "holds =, which strongSwan reads as a distinguished name", remedy: "Leave it out." };
  if (typed.test(name)) return { message: "begins with a word that strongSwan reads as the type of an identity", remedy: "Leave the colon out." };
  if (isAddressLike(name)) return { message: "is an IP address, network or range", remedy: "Use a name." };
  if ((name.match(/\\/g) ?? []).length > 1 || name.endsWith("\\")) {
    return { message: "holds more than the one \\ between a Windows domain and a user", remedy: "Write DOMAIN\\user, or leave it out." };
  }
  return undefined;
}

function isAddressLike(name: string): boolean {
  return name.split(/[-/]/).some((piece) => parseAddress(piece) !== undefined) && /^[0-9a-f.:/-]+$/i.test(name);
}

function asciiLower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
