import { overlaps, parseNetwork } from "../addressing";
import { clientPoolTexts } from "../clientPools";
import { answersGrant } from "../radius";
import type { GatewaySpec, ReachSpec } from "../spec";
import { error, warning, type Problem } from "./problem";

/** Groups, and what they and single users may reach. */
export function policyProblems(spec: GatewaySpec): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  (spec.groups ?? []).forEach(({ name, reach }, index) => {
    const path = `groups[${index}]`;
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(String(name))) {
      problems.push(error(`${path}.name`, name, "is not a name of lower-case letters, digits and -, beginning with a letter, of at most 32", "Write e.g. staff."));
    }
    const other = seen.get(name);
    if (other !== undefined) problems.push(error(`${path}.name`, name, `is the name of groups[${other}] already`, "Join the two, or rename one."));
    else seen.set(name, index);
    problems.push(...reachProblems(spec, `${path}.reach`, reach));
    if (!answersGrant(spec) && !spec.users.some((user) => user.groups?.includes(name))) {
      problems.push(warning(path, name, "has no user", "Name it in a user's groups, or leave it out."));
    }
  });
  spec.users.forEach((user, index) => {
    const path = `users[${index}]`;
    user.groups?.forEach((name, at) => {
      if (!seen.has(name)) problems.push(error(`${path}.groups[${at}]`, name, "is no group", `Use one of ${[...seen.keys()].join(", ") || "the gateway's groups, of which there is none"}.`));
      if (user.groups!.indexOf(name) < at) problems.push(error(`${path}.groups[${at}]`, name, "is there twice", "Leave one of them out."));
    });
    if (user.groups?.length === 0 && user.reach === undefined) {
      problems.push(error(`${path}.groups`, [], "lets the user reach nothing", "Leave it out for all that clients reach, or name a group."));
    }
    if (user.reach !== undefined) problems.push(...reachProblems(spec, `${path}.reach`, user.reach));
  });
  return problems;
}

function reachProblems(spec: GatewaySpec, path: string, reach: ReachSpec[]): Problem[] {
  if (!Array.isArray(reach) || reach.length === 0) {
    return [error(path, reach, "reaches nothing", "Name at least one network.")];
  }
  return reach.flatMap(({ networks, tcp, udp }, index) => {
    const at = `${path}[${index}]`;
    const problems: Problem[] = (networks ?? []).flatMap((text, number) => networkProblems(spec, `${at}.networks[${number}]`, text));
    if ((networks ?? []).length === 0) problems.push(error(`${at}.networks`, networks, "reaches nothing", "Name at least one network."));
    for (const [name, ports] of [["tcp", tcp], ["udp", udp]] as const) {
      ports?.forEach((text, number) => {
        if (!isPorts(text)) problems.push(error(`${at}.${name}[${number}]`, text, "is neither a port nor a range of ports", "Write e.g. 443 or 8000-8010."));
      });
    }
    if ((tcp !== undefined || udp !== undefined) && (tcp ?? []).length + (udp ?? []).length === 0) {
      problems.push(error(at, undefined, "names no port of TCP and none of UDP: it reaches nothing", "Name ports, or leave tcp and udp out for all."));
    }
    return problems;
  });
}

/** The firewall lets clients reach the inside networks, each other if that is asked for, and with a full tunnel the internet. */
function networkProblems(spec: GatewaySpec, path: string, text: string): Problem[] {
  const parsed = parseNetwork(text);
  if (parsed === undefined) return [error(path, text, "is not a network in CIDR notation", "Write e.g. 10.20.0.0/16.")];
  if (parsed.hostBits) return [error(path, text, "has bits set behind the prefix", `Write ${parsed.text} if that is what you mean.`)];
  if (spec.tunnel === "full") return [];
  const clients = spec.clientToClient ? clientPoolTexts(spec) : [];
  const reachable = [...spec.insideNetworks, ...clients].flatMap((one) => parseNetwork(one) ?? []);
  return reachable.some((one) => overlaps(one, parsed))
    ? []
    : [error(path, text, "is in no network that a split tunnel leads to", "Add it to insideNetworks, or leave it out.")];
}

function isPorts(text: string): boolean {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(text));
  if (found === null) return false;
  const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])];
  return first >= 1 && last <= 65535 && first <= last;
}
