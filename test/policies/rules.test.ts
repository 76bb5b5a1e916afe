import { rules, stackRules } from "../../policies/rules";
import { ofType, registered } from "../components/mocks";
import { made } from "../components/aws/helpers";

const instance = "aws:ec2/instance:Instance";
const group = "aws:ec2/securityGroup:SecurityGroup";
const world = ["0.0.0.0/0"];

/** What the pack says of a resource, as `rule: sentence`. */
function judged(type: string, props: Record<string, unknown>): string[] {
  return rules.filter(({ types }) => types.includes(type)).flatMap(({ name, judge }) => judge(props, type).map((wrong) => `${name}: ${wrong}`));
}

const soundInstance = {
  instanceType: "c7g.medium", metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
  rootBlockDevice: { encrypted: true }, sourceDestCheck: false, tags: { "vpn-gateway": "office" },
};
const googleFirewall = "gcp:compute/firewall:Firewall";
const googleInstance = "gcp:compute/instance:Instance";
const soundGoogle = { machineType: "t2d-standard-1", canIpForward: true, metadata: { "block-project-ssh-keys": "TRUE" }, labels: { "vpn-gateway": "office" } };
const azureGroup = "azure-native:network:NetworkSecurityGroup";
const azureMachine = "azure-native:compute:VirtualMachine";
const azureAllow = { access: "Allow", direction: "Inbound", protocol: "Tcp", destinationPortRange: "22", sourceAddressPrefix: "*" };
const soundAzure = { hardwareProfile: { vmSize: "Standard_D2ls_v5" }, osProfile: { linuxConfiguration: { disablePasswordAuthentication: true } }, tags: { "vpn-gateway": "office" } };
const balanced = { port: 4500, protocol: "UDP", stickiness: { type: "source_ip", enabled: true } };
const targetGroup = "aws:lb/targetGroup:TargetGroup";

/** Rule, type, what it refuses, and the nearest that it takes. */
const cases: [string, string, object, object][] = [
  ["no-ssh-from-the-world", group, { ingress: [{ protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: world }] }, { ingress: [{ protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["203.0.113.0/24"] }] }],
  ["no-ssh-from-the-world", "aws:ec2/securityGroupRule:SecurityGroupRule", { type: "ingress", protocol: "tcp", fromPort: 0, toPort: 1024, ipv6CidrBlocks: ["::/0"] }, { type: "egress", protocol: "tcp", fromPort: 0, toPort: 1024, ipv6CidrBlocks: ["::/0"] }],
  ["no-ssh-from-the-world", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }, { ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv4: "0.0.0.0/0" }],
  ["no-l2tp-outside-ipsec", group, { ingress: [{ protocol: "udp", fromPort: 1701, toPort: 1701, cidrBlocks: world }] }, { ingress: [{ protocol: "udp", fromPort: 500, toPort: 500, cidrBlocks: world }] }],
  ["no-l2tp-outside-ipsec", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", { ipProtocol: "udp", fromPort: 1701, toPort: 1701, cidrIpv6: "::/0" }, { ipProtocol: "udp", fromPort: 1701, toPort: 1701, referencedSecurityGroupId: "sg-1" }],
  ["imdsv2", instance, { ...soundInstance, metadataOptions: { httpTokens: "optional" } }, soundInstance],
  ["imdsv2", instance, { ...soundInstance, metadataOptions: undefined }, soundInstance],
  ["imdsv2", "aws:ec2/launchTemplate:LaunchTemplate", { metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 3 } }, { metadataOptions: { httpTokens: "required" } }],
  ["encrypted-root-disk", instance, { ...soundInstance, rootBlockDevice: { encrypted: false } }, soundInstance],
  ["encrypted-root-disk", instance, { ...soundInstance, rootBlockDevice: undefined }, soundInstance],
  ["gateway-forwards", instance, { ...soundInstance, sourceDestCheck: true }, { ...soundInstance, sourceDestCheck: true, tags: {} }],
  ["gateway-forwards", "aws:ec2/networkInterface:NetworkInterface", { tags: { "vpn-gateway": "office" } }, { tags: { "vpn-gateway": "office" }, sourceDestCheck: false }],
  ["gateway-instance-type", instance, { ...soundInstance, instanceType: "m1.small" }, { ...soundInstance, instanceType: "m1.small", tags: { Name: "web" } }],
  ["ike-through-a-balancer", "aws:lb/listener:Listener", { port: 500, protocol: "TCP" }, { port: 500, protocol: "UDP" }],
  ["ike-through-a-balancer", "aws:lb/targetGroup:TargetGroup", { ...balanced, preserveClientIp: "false" }, { ...balanced, preserveClientIp: "true" }],
  ["ike-through-a-balancer", "aws:lb/targetGroup:TargetGroup", { ...balanced, healthCheck: { protocol: "UDP" } }, { ...balanced, healthCheck: { protocol: "TCP" } }],
  ["ike-through-a-balancer", targetGroup, { ...balanced, port: 500, stickiness: undefined }, { ...balanced, port: 500 }],
  ["ike-through-a-balancer", targetGroup, { ...balanced, stickiness: { type: "source_ip", enabled: false } }, { ...balanced, stickiness: { type: "source_ip" } }],
  ["ike-through-a-balancer", targetGroup, { ...balanced, proxyProtocolV2: true }, { ...balanced, proxyProtocolV2: false }],
  ["ike-through-a-balancer", targetGroup, { port: 4500, protocol: "UDP", targetType: "instance" }, { port: 53, protocol: "UDP", targetType: "instance" }],
  ["no-ssh-from-the-world", googleFirewall, { allows: [{ protocol: "tcp", ports: ["20-30"] }], sourceRanges: world }, { denies: [{ protocol: "tcp", ports: ["22"] }], sourceRanges: world }],
  ["no-ssh-from-the-world", googleFirewall, { allows: [{ protocol: "all" }], sourceRanges: world }, { allows: [{ protocol: "all" }], direction: "EGRESS", sourceRanges: world }],
  ["no-ssh-from-the-world", googleFirewall, { allows: [{ protocol: "tcp" }], sourceRanges: world }, { allows: [{ protocol: "tcp", ports: ["22"] }], sourceTags: ["bastion"] }],
  ["no-l2tp-outside-ipsec", googleFirewall, { allows: [{ protocol: "udp", ports: ["500", "1701"] }], sourceRanges: world }, { allows: [{ protocol: "udp", ports: ["500", "4500"] }, { protocol: "esp" }], sourceRanges: world }],
  ["no-ssh-from-the-world", azureGroup, { securityRules: [azureAllow] }, { securityRules: [{ ...azureAllow, access: "Deny" }] }],
  ["no-ssh-from-the-world", azureGroup, { securityRules: [{ ...azureAllow, sourceAddressPrefix: "Internet", destinationPortRange: "*" }] }, { securityRules: [{ ...azureAllow, sourceAddressPrefix: "VirtualNetwork" }] }],
  ["no-ssh-from-the-world", "azure-native:network:SecurityRule", { ...azureAllow, protocol: "*", destinationPortRange: undefined, destinationPortRanges: ["80", "20-30"] }, { ...azureAllow, direction: "Outbound" }],
  ["no-l2tp-outside-ipsec", azureGroup, { securityRules: [{ ...azureAllow, protocol: "Udp", destinationPortRange: "1701" }] }, { securityRules: [{ ...azureAllow, protocol: "Udp", destinationPortRange: "4500" }] }],
  ["gateway-forwards", googleInstance, { ...soundGoogle, canIpForward: undefined }, soundGoogle],
  ["gateway-forwards", "azure-native:network:NetworkInterface", { tags: { "vpn-gateway": "office" } }, { tags: { "vpn-gateway": "office" }, enableIPForwarding: true }],
  ["gateway-instance-type", googleInstance, { ...soundGoogle, machineType: "f1-micro" }, { ...soundGoogle, machineType: "f1-micro", labels: {} }],
  ["gateway-instance-type", azureMachine, { ...soundAzure, hardwareProfile: { vmSize: "Standard_A1_v2" } }, soundAzure],
  ["gateway-keys-of-its-own", googleInstance, { ...soundGoogle, metadata: { "block-project-ssh-keys": "FALSE" } }, soundGoogle],
  ["gateway-keys-of-its-own", azureMachine, { ...soundAzure, osProfile: { adminPassword: "…" } }, soundAzure],
  ["gateway-without-account", googleInstance, { ...soundGoogle, serviceAccount: { email: "x", scopes: ["cloud-platform"] } }, soundGoogle],
  ["ike-through-a-balancer", "azure-native:network:LoadBalancer", { loadBalancingRules: [{ frontendPort: 4500, protocol: "Udp", loadDistribution: "Default" }] }, { loadBalancingRules: [{ frontendPort: 4500, protocol: "Udp", loadDistribution: "SourceIP" }] }],
  ["ike-through-a-balancer", "azure-native:network:LoadBalancer", { loadBalancingRules: [{ frontendPort: 500, protocol: "Tcp", loadDistribution: "SourceIP" }] }, { loadBalancingRules: [{ frontendPort: 443, protocol: "Tcp" }] }],
];

test.each(cases)("%s refuses, of %s", (rule, type, bad, good) => {
  expect(judged(type, bad as Record<string, unknown>)).toContainEqual(expect.stringMatching(new RegExp(`^${rule}: `)));
  expect(judged(type, good as Record<string, unknown>).filter((said) => said.startsWith(rule))).toEqual([]);
});

test("both machines of a pair in one zone are told, of two pairs each by itself", () => {
  const machine = (pair: string, availabilityZone?: string) => ({ type: instance, name: pair, props: { tags: { "vpn-gateway": pair }, availabilityZone } });
  const [{ judge }] = stackRules;
  expect(judge([machine("a", "x-1a"), machine("a", "x-1a"), machine("b", "x-1a")])).toEqual(["a: both machines of the pair are in availability zone x-1a"]);
  expect(judge([machine("a", "x-1a"), machine("a", "x-1b"), machine("b"), machine("b")])).toEqual([]);
  expect(judge([{ type: instance, name: "w", props: { availabilityZone: "x-1a" } }, { type: instance, name: "v", props: { availabilityZone: "x-1a" } }])).toEqual([]);
});

test("no rule is without a case", () => {
  expect([...new Set(cases.map(([rule]) => rule))].sort()).toEqual(rules.map(({ name }) => name).sort());
});

test("what AwsGateway makes by default has nothing said against it, and its switch for 1701 has", async () => {
  await made();
  const said = () => registered.flatMap(({ type, inputs }) => judged(type, inputs));
  expect(said()).toEqual([]);
  expect(ofType(instance).size).toBe(1);
  await made({ openL2tpOutsideIpsec: true });
  expect(said()).toEqual([expect.stringMatching(/^no-l2tp-outside-ipsec: opens L2TP \(UDP 1701\)/)]);
});
