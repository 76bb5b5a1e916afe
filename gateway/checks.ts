import { parseNetwork } from "./addressing";

/**
 * What no firewall of a cloud may let in, whoever made it: asked by the gateways' own validation and by the policy pack.
 * Each gives what is wrong as a sentence, or undefined.
 */

/** What a rule of a security group, a firewall or a network security group lets in. */
export interface Ingress {
  protocol?: string;
  fromPort?: number;
  toPort?: number;
  cidrs: readonly string[];
}

/** Does one of the ranges hold every address of its family? */
export function isWorld(ranges: readonly string[]): boolean {
  return ranges.some((range) => parseNetwork(range)?.prefix === 0);
}

export function opensSshToWorld(administrators: readonly string[]): boolean {
  return isWorld(administrators);
}

/** SSH from anywhere. */
export function sshRule(rule: Ingress, sshPort = 22): string | undefined {
  if (!isWorld(rule.cidrs) || !lets(rule, "tcp", sshPort)) return undefined;
  return `opens SSH (TCP ${sshPort}) to the world: name the ranges that administrators come from`;
}

/** L2TP that did not come within IPsec: from anywhere. */
export function l2tpRule(rule: Ingress): string | undefined {
  if (!isWorld(rule.cidrs) || !lets(rule, "udp", 1701)) return undefined;
  return "opens L2TP (UDP 1701) to the world: within IPsec it needs no rule, and outside it is not encrypted";
}

function lets({ protocol = "-1", fromPort, toPort }: Ingress, wanted: "tcp" | "udp", port: number): boolean {
  const name = protocol.toLowerCase();
  if (name === "-1" || name === "all") return true;
  if (name !== wanted && name !== { tcp: "6", udp: "17" }[wanted]) return false;
  return (fromPort ?? 0) <= port && port <= (toPort ?? 65_535);
}
