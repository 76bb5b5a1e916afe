import type { Ingress } from "../gateway/checks";

export type Props = Record<string, unknown>;

const groups = ["aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"];
const groupRules = ["aws:ec2/securityGroupRule:SecurityGroupRule", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"];
const googleFirewall = "gcp:compute/firewall:Firewall";
const azureGroup = "azure-native:network:NetworkSecurityGroup";
const azureRule = "azure-native:network:SecurityRule";

/** The types of resource that say what may come in. */
export const ingressTypes: readonly string[] = [...groups, ...groupRules, googleFirewall, azureGroup, azureRule];

/** All that a resource of one of these types lets in. */
export function ingressOf(props: Props, type: string): Ingress[] {
  if (type === googleFirewall) return ofGoogle(props);
  if (type === azureGroup) return ((props.securityRules ?? []) as Props[]).flatMap(ofAzure);
  if (type === azureRule) return ofAzure(props);
  if (Array.isArray(props.ingress)) return (props.ingress as Props[]).map(ofAmazon);
  const isEgress = props.type === "egress";
  return isEgress || !("protocol" in props || "ipProtocol" in props) ? [] : [ofAmazon(props)];
}

function ofAmazon(rule: Props): Ingress {
  return {
    protocol: text(rule.protocol ?? rule.ipProtocol),
    fromPort: rule.fromPort as number | undefined,
    toPort: rule.toPort as number | undefined,
    cidrs: [rule.cidrBlocks, rule.ipv6CidrBlocks, rule.cidrIpv4, rule.cidrIpv6].flatMap(list),
  };
}

function ofGoogle(props: Props): Ingress[] {
  if (props.direction === "EGRESS" || props.disabled === true) return [];
  const cidrs = list(props.sourceRanges);
  return ((props.allows ?? []) as Props[]).flatMap(({ protocol, ports }) => rangesOf(list(ports)).map((range) => ({ protocol: text(protocol), ...range, cidrs })));
}

function ofAzure(rule: Props): Ingress[] {
  if (rule.access !== "Allow" || rule.direction !== "Inbound") return [];
  const protocol = rule.protocol === "*" ? "all" : text(rule.protocol);
  const anybody = ["*", "internet", "any"];
  const cidrs = [rule.sourceAddressPrefix, rule.sourceAddressPrefixes].flatMap(list).map((prefix) => (anybody.includes(prefix.toLowerCase()) ? "0.0.0.0/0" : prefix));
  return rangesOf([rule.destinationPortRange, rule.destinationPortRanges].flatMap(list)).map((range) => ({ protocol, ...range, cidrs }));
}

/** `22`, `20-30` or `*`; none: all ports. */
function rangesOf(ports: readonly string[]): { fromPort?: number; toPort?: number }[] {
  if (ports.length === 0) return [{}];
  return ports.map((port) => {
    const [from, to = from] = port.split("-");
    return from === "*" ? {} : { fromPort: Number(from), toPort: Number(to) };
  });
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}
