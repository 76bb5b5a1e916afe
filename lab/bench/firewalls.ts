/** Which rules the gateway filters by: ours, an ordinary article's, or none at all. */
export type Firewall = "ours" | "article" | "none";

/** Ports of iperf3's servers on the gateway. */
export const serverPorts = [5201, 5202, 5203];

/** The article forwards everything, masquerades, and clamps nothing. */
const articleRules = `table inet article {
  chain input { type filter hook input priority filter; policy accept; ct state established,related accept; }
  chain forward { type filter hook forward priority filter; policy accept; ct state established,related accept; }
  chain postrouting { type nat hook postrouting priority srcnat; policy accept; ip saddr 10.77.0.0/16 oifname "wan0" rt ipsec missing masquerade; }
}
`;

/** The measured end is the gateway itself: its rules must let iperf3 in, as the last thing before the final drop. */
function letIperfIn(rules: string): string {
  const marker = "udp dport { 500, 4500 } accept";
  if (!rules.includes(marker)) throw new Error("bench: the gateway's rules have no line for IKE, after which to let iperf3 in");
  return rules.replace(marker, `${marker}\n    tcp dport { ${serverPorts.join(", ")} } accept`);
}

/**
 * What is left of our rules where they filter nothing: that which tells L2TP clients behind one NAT apart. xl2tpd knows
 * a session's peer by the address that these rules made up, so without them nothing of it passes any more.
 */
function nothingFiltered(rules: string): string {
  const chain = (name: string) => {
    const found = new RegExp(`^  chain ${name} \\{\\n(?:    .*\\n)+  \\}\\n`, "m").exec(rules);
    if (!found) throw new Error(`bench: the gateway's rules have no chain ${name}`);
    return found[0];
  };
  const before = chain("prerouting").split("\n").filter((line) => /^\s+type |ct original zone set|meta mark set 0/.test(line));
  if (before.length !== 3) throw new Error("bench: the gateway's rules do not tell L2TP clients apart as they did");
  return `table inet vpn_gateway {\n  chain prerouting {\n${before.join("\n")}\n  }\n${chain("l2tp_clients")}${chain("l2tp_answers")}}\n`;
}

/** The rule sets of a bench, from those that the gateway itself has. */
export function firewallsOf(rules: string): Record<Firewall, string> {
  return { ours: letIperfIn(rules), article: articleRules, none: nothingFiltered(rules) };
}
