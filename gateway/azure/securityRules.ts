import { parseNetwork } from "../addressing";

/** A rule of a network security group, as Azure takes it. */
export interface SecurityRule {
  name: string;
  description: string;
  priority: number;
  access: "Allow" | "Deny";
  direction: "Inbound";
  /** As Azure writes them: `Tcp`, `Udp`, `Icmp`, `Esp`, or `*`. */
  protocol: string;
  sourceAddressPrefixes?: string[];
  sourceAddressPrefix?: string;
  sourcePortRange: string;
  destinationAddressPrefix: string;
  destinationPortRanges?: string[];
  destinationPortRange?: string;
}

/** What decides who may send what to a gateway. */
export interface SecurityPlan {
  peers: readonly string[];
  administrators: readonly string[];
  sshPort: number;
  l2tpOutsideIpsec: boolean;
  /** Of a gateway with site connections: ranges whose hosts it forwards to other sites. @default none */
  inside?: readonly string[];
  /** Is a public CA to ask at port 80 (ACME, HTTP-01)? It asks from addresses that it does not tell; the machine's own firewall shuts the port between. @default false */
  acme?: boolean;
  /** A pair behind a load balancer: the port of its health probe, and no bare ESP, which it does not carry. */
  balanced?: { healthPort: number };
}

/**
 * IKE, NAT traversal and ESP from peers, SSH from administrators, ICMP (which rules cannot narrow to a type; the
 * machine's own firewall does), and nothing else, not from the virtual network either, which the group's default rules
 * let in. Not UDP 1701: L2TP comes within ESP.
 */
export function securityRules(plan: SecurityPlan): SecurityRule[] {
  const peers = ipv4(plan.peers);
  const inside = ipv4(plan.inside ?? []);
  const rules: Omit<SecurityRule, "priority" | "direction" | "sourcePortRange" | "destinationAddressPrefix">[] = [
    { name: "ike", description: "IKE, and ESP within UDP", access: "Allow", protocol: "Udp", sourceAddressPrefixes: peers, destinationPortRanges: ["500", "4500", ...(plan.l2tpOutsideIpsec ? ["1701"] : [])] },
    ...(plan.balanced === undefined ? [{ name: "esp", description: "ESP", access: "Allow" as const, protocol: "Esp", sourceAddressPrefixes: peers, destinationPortRange: "*" }] : []),
    { name: "ssh", description: "SSH of administrators", access: "Allow", protocol: "Tcp", sourceAddressPrefixes: ipv4(plan.administrators), destinationPortRange: String(plan.sshPort) },
    { name: "icmp", description: "Path MTU discovery", access: "Allow", protocol: "Icmp", sourceAddressPrefix: "*", destinationPortRange: "*" },
    ...(plan.acme === true ? [{ name: "acme", description: "A public CA's question, while the machine answers it", access: "Allow" as const, protocol: "Tcp", sourceAddressPrefix: "*", destinationPortRange: "80" }] : []),
    ...(plan.balanced === undefined
      ? []
      : [
          { name: "health", description: "Health probe of the load balancer", access: "Allow" as const, protocol: "Tcp", sourceAddressPrefix: "AzureLoadBalancer", destinationPortRange: String(plan.balanced.healthPort) },
          { name: "pair", description: "Whether the other machine answers", access: "Allow" as const, protocol: "Udp", sourceAddressPrefix: "VirtualNetwork", destinationPortRange: "500" },
        ]),
    // The group knows answers to what the gateway sent on, and no host that begins. What is for the gateway itself its own firewall refuses.
    ...(inside.length === 0 ? [] : [{ name: "inside", description: "Inside networks, towards other sites", access: "Allow" as const, protocol: "*", sourceAddressPrefixes: inside, destinationPortRange: "*" }]),
    { name: "else", description: "What no rule above lets in", access: "Deny", protocol: "*", sourceAddressPrefix: "*", destinationPortRange: "*" },
  ];
  return rules.map((rule, index) => ({ ...rule, priority: rule.access === "Deny" ? 4096 : 100 + 10 * index, direction: "Inbound", sourcePortRange: "*", destinationAddressPrefix: "*" }));
}

function ipv4(ranges: readonly string[]): string[] {
  return [...new Set(ranges.map(parseNetwork).flatMap((parsed) => (parsed?.family === 4 ? [parsed.text] : [])))];
}
