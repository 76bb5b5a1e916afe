import { parseNetwork } from "../addressing";

/** A firewall rule of a VPC network for whatever has the gateway's network tag. */
export interface FirewallRule {
  /** What it is for, as the end of a resource's name. */
  suffix: string;
  description: string;
  /** `deny`: what the others do not name. */
  action: "allow" | "deny";
  priority: number;
  /** Protocols by name or number, with ports where they have some. */
  protocols: { protocol: string; ports?: string[] }[];
  /** IPv4 ranges that it is for; empty: for {@link fromPair} instead. */
  sources: string[];
  /** From what has the gateway's tag: the machines of a pair from each other. */
  fromPair?: boolean;
  /** Is it out of force? A rule without ranges would hold for the whole world, so that one has {@link nobody}'s, and this. */
  disabled?: boolean;
}

/** What decides who may send what to a gateway. */
export interface FirewallPlan {
  peers: readonly string[];
  administrators: readonly string[];
  sshPort: number;
  l2tpOutsideIpsec: boolean;
  /** Of a gateway with site connections: ranges whose hosts it forwards to other sites. @default none, and no rule */
  inside?: readonly string[];
  /** Is a public CA to ask at port 80 (ACME, HTTP-01)? It asks from addresses that it does not tell; the machine's own firewall shuts the port between. @default false */
  acme?: boolean;
  /** Of a pair: where the load balancers ask from, and on which port. */
  pair?: { healthPort: number; healthCheckers: readonly string[] };
}

/**
 * Where health checks of passthrough Network Load Balancers come from ("Firewall rules", cloud.google.com/load-balancing/
 * docs/firewall-rules): the first for both kinds, the others for external ones, 130.211.0.0/22 for internal ones.
 */
export const healthCheckRanges: readonly string[] = ["35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22"];

/** RFC 5737: for documentation, nobody's. */
const nobody = "192.0.2.0/24";

/**
 * IKE, NAT traversal and ESP from peers, SSH from administrators, ICMP (which rules cannot narrow to a type; the
 * machine's own firewall does), and nothing else: a rule of the network's own that opens SSH to the world, as the
 * `default` network has one, must not hold for the gateway. Not UDP 1701: L2TP comes within ESP.
 */
export function firewallRules(plan: FirewallPlan): FirewallRule[] {
  const allow = (suffix: string, description: string, protocols: FirewallRule["protocols"], sources: readonly string[]): FirewallRule => ({
    suffix, description, action: "allow", priority: 1000, protocols, sources: ipv4(sources),
  });
  const ports = ["500", "4500", ...(plan.l2tpOutsideIpsec ? ["1701"] : [])];
  return [
    allow("peers", "IKE, ESP, and ESP within UDP", [{ protocol: "udp", ports }, { protocol: "esp" }], plan.peers),
    allow("ssh", "SSH of administrators", [{ protocol: "tcp", ports: [String(plan.sshPort)] }], plan.administrators),
    allow("icmp", "Path MTU discovery", [{ protocol: "icmp" }], ["0.0.0.0/0"]),
    ...insideRules(plan.inside),
    ...(plan.acme === true ? [allow("acme", "A public CA's question, while the machine answers it", [{ protocol: "tcp", ports: ["80"] }], ["0.0.0.0/0"])] : []),
    ...(plan.pair === undefined
      ? []
      : [
          { ...allow("pair", "VRRP between the pair, and whether the other machine's IKE answers", [{ protocol: "112" }, { protocol: "udp", ports: ["500"] }], []), fromPair: true },
          allow("health", "Health checks of the load balancers", [{ protocol: "tcp", ports: [String(plan.pair.healthPort)] }], plan.pair.healthCheckers),
        ]),
    { suffix: "else", description: "What no rule above lets in", action: "deny", priority: 1001, protocols: [{ protocol: "all" }], sources: ["0.0.0.0/0"] },
  ];
}

/** Rules know answers to what the gateway sent on, and no host that begins. What is for the gateway itself its own firewall refuses. */
function insideRules(inside: readonly string[] | undefined): FirewallRule[] {
  if (inside === undefined) return [];
  const sources = ipv4(inside);
  return [{ suffix: "inside", description: "Inside networks, towards other sites", action: "allow", priority: 1000, protocols: [{ protocol: "all" }], ...(sources.length > 0 ? { sources } : { sources: [nobody], disabled: true }) }];
}

function ipv4(ranges: readonly string[]): string[] {
  return [...new Set(ranges.map(parseNetwork).flatMap((parsed) => (parsed?.family === 4 ? [parsed.text] : [])))];
}
