import * as checks from "../../../gateway/aws/checks";
import { ingressRules } from "../../../gateway/aws/securityGroup";

const world = ["0.0.0.0/0"];

test.each<[string, checks.Ingress, boolean]>([
  ["SSH from anywhere", { protocol: "tcp", fromPort: 22, toPort: 22, cidrs: world }, true],
  ["SSH from anywhere in IPv6", { protocol: "tcp", fromPort: 22, toPort: 22, cidrs: ["::/0"] }, true],
  ["a range of ports with SSH in it", { protocol: "6", fromPort: 20, toPort: 30, cidrs: world }, true],
  ["every protocol", { protocol: "-1", fromPort: 0, toPort: 0, cidrs: world }, true],
  ["SSH from a range", { protocol: "tcp", fromPort: 22, toPort: 22, cidrs: ["203.0.113.0/24"] }, false],
  ["another port from anywhere", { protocol: "tcp", fromPort: 443, toPort: 443, cidrs: world }, false],
  ["UDP 22", { protocol: "udp", fromPort: 22, toPort: 22, cidrs: world }, false],
])("SSH: %s", (_, rule, bad) => {
  expect(checks.sshRule(rule) !== undefined).toBe(bad);
});

test.each<[string, checks.Ingress, boolean]>([
  ["1701 from anywhere", { protocol: "udp", fromPort: 1701, toPort: 1701, cidrs: world }, true],
  ["all of UDP", { protocol: "17", fromPort: 0, toPort: 65535, cidrs: world }, true],
  ["1701 from a range", { protocol: "udp", fromPort: 1701, toPort: 1701, cidrs: ["198.51.100.0/24"] }, false],
  ["TCP 1701", { protocol: "tcp", fromPort: 1701, toPort: 1701, cidrs: world }, false],
])("L2TP: %s", (_, rule, bad) => {
  expect(checks.l2tpRule(rule) !== undefined).toBe(bad);
});

test("the gateway's own group passes its own checks, and the switch for 1701 does not", () => {
  const plan = { peers: ["0.0.0.0/0", "::/0"], administrators: ["203.0.113.0/24"], sshPort: 22, l2tpOutsideIpsec: false };
  const judged = (changes: object) =>
    ingressRules({ ...plan, ...changes }).flatMap(({ cidrBlocks, ipv6CidrBlocks, ...rule }) => {
      const ingress = { ...rule, cidrs: [...cidrBlocks, ...ipv6CidrBlocks] };
      return [checks.sshRule(ingress), checks.l2tpRule(ingress)].filter((one) => one !== undefined);
    });
  expect(judged({})).toEqual([]);
  expect(judged({ l2tpOutsideIpsec: true })).toEqual([expect.stringMatching(/UDP 1701/)]);
  expect(judged({ administrators: ["0.0.0.0/0"] })).toEqual([expect.stringMatching(/SSH/)]);
});

test("rules hold each range once, of its family, and there is none for SSH without administrators", () => {
  const rules = ingressRules({ peers: ["198.51.100.7/24", "198.51.100.0/24", "2001:db8::/32"], administrators: [], sshPort: 22, l2tpOutsideIpsec: false });
  expect(rules.map(({ protocol, fromPort }) => `${protocol} ${fromPort}`)).toEqual(["udp 500", "udp 4500", "50 0", "icmp 3"]);
  expect(rules[0]).toMatchObject({ cidrBlocks: ["198.51.100.0/24"], ipv6CidrBlocks: ["2001:db8::/32"] });
});

test("metadata: IMDSv2 with one hop, or none at all", () => {
  expect(checks.metadataService({ httpTokens: "required", httpPutResponseHopLimit: 1 })).toBeUndefined();
  expect(checks.metadataService({ httpEndpoint: "disabled" })).toBeUndefined();
  expect(checks.metadataService({ httpTokens: "optional" })).toMatch(/IMDSv1/);
  expect(checks.metadataService(undefined)).toMatch(/IMDSv1/);
  expect(checks.metadataService({ httpTokens: "required", httpPutResponseHopLimit: 2 })).toMatch(/beyond the machine/);
});

test("disk and forwarding", () => {
  expect(checks.disk({ encrypted: true })).toBeUndefined();
  expect(checks.disk({ encrypted: false })).toMatch(/not encrypted/);
  expect(checks.disk(undefined)).toMatch(/not encrypted/);
  expect(checks.forwarding(false)).toBeUndefined();
  expect(checks.forwarding(true)).toMatch(/drops/);
  expect(checks.forwarding(undefined)).toMatch(/drops/);
});

test("a balancer before a gateway: UDP, with clients' addresses, and a question that it can ask", () => {
  expect(checks.ikeThroughBalancer({ protocol: "UDP", port: 500 })).toBeUndefined();
  expect(checks.ikeThroughBalancer({ protocol: "TCP", port: 443 })).toBeUndefined();
  expect(checks.ikeThroughBalancer({ protocol: "TCP", port: 4500 })).toMatch(/balances port 4500 as TCP/);
  const stickiness = { type: "source_ip", enabled: true };
  expect(checks.gatewayTargets({ protocol: "UDP", port: 4500, healthProtocol: "TCP", stickiness })).toBeUndefined();
  expect(checks.gatewayTargets({ protocol: "UDP", port: 4500, healthProtocol: "TCP" })).toMatch(/to two machines/);
  expect(checks.gatewayTargets({ protocol: "UDP", port: 4500, stickiness: { ...stickiness, type: "source_ip_dest_ip" } })).toMatch(/to two machines/);
  expect(checks.gatewayTargets({ protocol: "UDP", port: 4500, stickiness, proxyProtocol: true })).toMatch(/proxy protocol/);
  expect(checks.gatewayTargets({ protocol: "UDP", port: 4500, preserveClientIp: "false", stickiness })).toMatch(/hides clients' addresses/);
  expect(checks.gatewayTargets({ protocol: "UDP", port: 500, healthProtocol: "UDP", stickiness })).toMatch(/asks UDP/);
  expect(checks.gatewayTargets({ protocol: "TLS", port: 500 })).toMatch(/are UDP/);
});

test("TCP 80 from everywhere where a public CA asks, and only there", () => {
  const plan = { peers: ["0.0.0.0/0"], administrators: ["203.0.113.0/24"], sshPort: 22, l2tpOutsideIpsec: false };
  const of = (acme: boolean) => ingressRules({ ...plan, acme }).filter(({ protocol, fromPort, toPort }) => protocol === "tcp" && fromPort <= 80 && toPort >= 80);
  expect(of(false)).toEqual([]);
  expect(of(true)).toEqual([expect.objectContaining({ fromPort: 80, toPort: 80, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] })]);
});
