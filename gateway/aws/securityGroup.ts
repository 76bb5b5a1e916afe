import { parseNetwork } from "../addressing";

/** A rule of a security group, as EC2 takes it. */
export interface IngressRule {
  description: string;
  /** `udp`, `tcp`, `icmp`, or a protocol's number. */
  protocol: string;
  /** First and last port; for ICMP type and code; 0 and 0 where the protocol has neither. */
  fromPort: number;
  toPort: number;
  cidrBlocks: string[];
  ipv6CidrBlocks: string[];
  /** From what has the group itself: the machines of a pair from each other. @default false */
  self?: boolean;
}

/** What decides who may send what to a gateway. */
export interface IngressPlan {
  /** CIDR ranges that IKE and ESP come from. */
  peers: readonly string[];
  /** CIDR ranges that SSH comes from; none: no rule. */
  administrators: readonly string[];
  sshPort: number;
  /** Opens UDP 1701 to `peers` as well. */
  l2tpOutsideIpsec: boolean;
  /** Of a gateway with site connections: CIDR ranges whose hosts it forwards to other sites. @default none */
  inside?: readonly string[];
  /** Addresses of a route server's endpoints. @default none */
  routeServer?: readonly string[];
  /** Is a public CA to ask at port 80 (ACME, HTTP-01)? It asks from addresses that it does not tell; the machine's own firewall shuts the port between. @default false */
  acme?: boolean;
  /** Of a pair. */
  pair?: { front: string; healthPort: number; healthCheckers: readonly string[] };
}

export const everywhere: readonly string[] = ["0.0.0.0/0", "::/0"];

/**
 * IKE, NAT traversal, ESP, and what path MTU discovery needs. Not UDP 1701: L2TP comes within ESP, and the group sees
 * the ESP alone. An open 1701 would be L2TP without encryption, kept out then by the gateway's own firewall only.
 */
export function ingressRules(plan: IngressPlan): IngressRule[] {
  const udp = (port: number, what: string) => rule(what, "udp", port, port, plan.peers);
  return [
    udp(500, "IKE"),
    udp(4500, "IKE and ESP within UDP"),
    // A load balancer carries none, and who comes past it is not asked to.
    ...(plan.pair?.front === "loadBalancer" ? [] : [rule("ESP", "50", 0, 0, plan.peers)]),
    ...(plan.l2tpOutsideIpsec ? [udp(1701, "L2TP, also outside of IPsec")] : []),
    // EC2's guide to MTU asks for a rule of its own: an error about a packet is no answer to it in a group's eyes.
    rule("Path MTU discovery", "icmp", 3, 4, ["0.0.0.0/0"]),
    ...(plan.administrators.length === 0 ? [] : [rule("SSH of administrators", "tcp", plan.sshPort, plan.sshPort, plan.administrators)]),
    // A group knows answers to what the gateway sent on, and no host that begins. What is for the gateway itself its own firewall refuses.
    ...(plan.inside === undefined || plan.inside.length === 0 ? [] : [rule("Inside networks, towards other sites", "-1", 0, 0, plan.inside)]),
    ...routeServerRules(plan.routeServer),
    ...(plan.acme === true ? [rule("A public CA's question, while the machine answers it", "tcp", 80, 80, everywhere)] : []),
    ...pairRules(plan.pair),
  ];
}

function routeServerRules(endpoints: readonly string[] = []): IngressRule[] {
  if (endpoints.length === 0) return [];
  const ranges = endpoints.map((address) => `${address}/32`);
  return [rule("BGP of the route server", "tcp", 179, 179, ranges), rule("BFD of the route server", "udp", 3784, 3784, ranges)];
}

function pairRules(pair: IngressPlan["pair"]): IngressRule[] {
  if (pair === undefined) return [];
  const between = (description: string, protocol: string, port: number): IngressRule => ({ ...rule(description, protocol, port, port, []), self: true });
  return [
    ...(pair.front === "dns" ? [] : [between("VRRP between the pair", "112", 0)]),
    between("Whether the other machine's IKE answers", "udp", 500),
    ...(pair.healthCheckers.length === 0 ? [] : [rule(`Health checks of the ${pair.front === "dns" ? "name" : "load balancer"}`, "tcp", pair.healthPort, pair.healthPort, pair.healthCheckers)]),
  ];
}

function rule(description: string, protocol: string, fromPort: number, toPort: number, ranges: readonly string[]): IngressRule {
  const of = (family: 4 | 6) => [
    ...new Set(ranges.map(parseNetwork).flatMap((parsed) => (parsed?.family === family ? [parsed.text] : []))),
  ];
  return { description, protocol, fromPort, toPort, cidrBlocks: of(4), ipv6CidrBlocks: of(6) };
}
