import { parseAddress, parseNetwork } from "../addressing";
import { platformNames, type GatewaySpec } from "../spec";
import { platformOf } from "../platforms";
import { onGateway } from "../radius";
import { error, warning, type Problem } from "./problem";

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The gateway as a machine: name, platform, how it is reached and administered. */
export function endpointProblems(spec: GatewaySpec): Problem[] {
  const problems: Problem[] = [];
  if (!label.test(spec.name)) {
    problems.push(error("name", spec.name, "is not a DNS label", "Use 1 to 63 of a-z, 0-9 and -, with no - at either end."));
  }
  const facts = platformOf(spec.platform);
  if (facts === undefined) {
    problems.push(error("platform", spec.platform, "is no platform that the library knows", `Use one of ${platformNames.join(", ")}.`));
  } else if (facts.untriedServices !== undefined) {
    if (spec.pair) problems.push(error("platform", spec.platform, `cannot be one of a pair: ${facts.untriedServices}`, "Use debian13 or ubuntu2404 for both."));
    if (onGateway(spec)) problems.push(error("radius.onGateway", undefined, `cannot be had on ${spec.platform}: ${facts.untriedServices}`, "Leave it out: the list of users says who comes in by itself. Or name RADIUS servers of yours."));
  }
  if (!isIpv4(spec.endpoint) && !isDnsName(spec.endpoint)) {
    problems.push(error("endpoint", spec.endpoint, "is neither an IPv4 address nor a DNS name", "Give clients' address of the gateway, e.g. 192.0.2.1 or vpn.example.com."));
  }
  problems.push(...integer("outsideMtu", spec.outsideMtu, 1280, 9216, "bytes"));
  problems.push(...integer("sshPort", spec.sshPort, 1, 65535));
  if (spec.sshPort === 500 || spec.sshPort === 4500 || spec.sshPort === 1701) {
    problems.push(warning("sshPort", spec.sshPort, "is a port of the tunnels (over UDP)", "It works, but confuses whoever reads it: use another."));
  }
  problems.push(...integer("deadPeerDelay", spec.deadPeerDelay, 5, 3600, "seconds"));
  spec.administrators.forEach((range, index) => problems.push(...administrator(`administrators[${index}]`, range)));
  return problems;
}

function administrator(path: string, range: string): Problem[] {
  const parsed = parseNetwork(range);
  if (parsed === undefined) {
    return [error(path, range, "is not a network in CIDR notation", "Write e.g. 198.51.100.7/32 or 2001:db8::/48.")];
  }
  if (parsed.prefix === 0) {
    return [warning(path, range, "opens SSH to the world", "Name the ranges that you administer from.")];
  }
  return parsed.hostBits ? [warning(path, range, "has bits set behind the prefix", `It is taken as ${parsed.text}.`)] : [];
}

function integer(path: string, value: unknown, least: number, most: number, unit = ""): Problem[] {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return [];
  return [error(path, value, `is not a whole number from ${least} to ${most}`, `Give ${unit === "" ? "one" : unit} within that range.`)];
}

function isIpv4(text: string): boolean {
  return parseAddress(text)?.family === 4;
}

export function isDnsName(text: string): boolean {
  const labels = text.toLowerCase().split(".");
  // A name whose last label is a number is a mistyped address (RFC 1123, 2.1).
  return text.length <= 253 && labels.length >= 2 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1)!);
}
