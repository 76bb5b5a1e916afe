import { readFileSync } from "node:fs";
import { join } from "node:path";
import { firewallsOf } from "../../../lab/bench/firewalls";

const rules = readFileSync(join(__dirname, "../../gateway/golden/both/etc/vpn-gateway/firewall.nft"), "utf8");

describe("firewallsOf", () => {
  it("lets iperf3 into ours, before what drops", () => {
    const { ours } = firewallsOf(rules);
    expect(ours.indexOf("tcp dport { 5201, 5202, 5203 } accept")).toBeGreaterThan(ours.indexOf("udp dport 1701 meta ipsec missing counter drop"));
    expect(ours.replace("    tcp dport { 5201, 5202, 5203 } accept\n", "")).toBe(rules);
  });

  it("drops nothing where there is none, and still tells L2TP clients apart", () => {
    const { none } = firewallsOf(rules);
    expect(none).not.toMatch(/drop|@|masquerade/);
    expect(none).toContain("ct original zone set jhash meta mark");
    expect(none).toContain("snat ip to 240.0.0.1-255.255.255.254");
    expect(none).toContain("meta mark set ct mark");
    expect(none.match(/\{/g)).toHaveLength(none.match(/\}/g)!.length);
  });

  it("says so where the gateway's rules are not those that it knows", () => {
    expect(() => firewallsOf(rules.replace("chain l2tp_answers", "chain answers"))).toThrow("have no chain l2tp_answers");
    expect(() => firewallsOf(rules.replace(/.*ct original zone.*\n/, ""))).toThrow("do not tell L2TP clients apart");
    expect(() => firewallsOf("")).toThrow("no line for IKE");
  });
});
