import { disk, forwarding, gatewayTargets, ikeThroughBalancer, l2tpRule, metadataService, sshRule, zonesOfPair, type Ingress } from "../gateway/aws/checks";
import { instanceTypeProblems } from "../gateway/aws/validate";

type Props = Record<string, unknown>;

/** A rule for resources of some types, in any program. Knows nothing of CrossGuard. */
export interface Rule {
  name: string;
  description: string;
  types: readonly string[];
  /** What is wrong with the resource, a sentence each. */
  judge(props: Props): string[];
}

const instance = "aws:ec2/instance:Instance";
const launchTemplate = "aws:ec2/launchTemplate:LaunchTemplate";
const networkInterface = "aws:ec2/networkInterface:NetworkInterface";
const groups = ["aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"];
const groupRules = ["aws:ec2/securityGroupRule:SecurityGroupRule", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"];
const listeners = ["aws:lb/listener:Listener", "aws:alb/listener:Listener"];
const targetGroups = ["aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup"];

export const rules: readonly Rule[] = [
  {
    name: "no-ssh-from-the-world",
    description: "No security group lets SSH in from anywhere.",
    types: [...groups, ...groupRules],
    judge: (props) => present(ingressOf(props).map((rule) => sshRule(rule))),
  },
  {
    name: "no-l2tp-outside-ipsec",
    description: "No security group lets L2TP in from anywhere: within IPsec it needs no rule.",
    types: [...groups, ...groupRules],
    judge: (props) => present(ingressOf(props).map((rule) => l2tpRule(rule))),
  },
  {
    name: "imdsv2",
    description: "Machines give their credentials to themselves alone: IMDSv2, one hop.",
    types: [instance, launchTemplate],
    judge: ({ metadataOptions }) => present([metadataService(metadataOptions as Parameters<typeof metadataService>[0])]),
  },
  {
    name: "encrypted-root-disk",
    description: "The disk that holds a machine's keys is encrypted.",
    types: [instance],
    judge: ({ rootBlockDevice }) => present([disk(rootBlockDevice as Parameters<typeof disk>[0])]).map((wrong) => `the root disk ${wrong}`),
  },
  {
    name: "gateway-forwards",
    description: "What is tagged vpn-gateway may forward packets of others.",
    types: [instance, networkInterface],
    // An instance with an interface that was made before it takes the interface's word.
    judge: (props) => (isGateway(props) && props.primaryNetworkInterface === undefined ? present([forwarding(props.sourceDestCheck as boolean | undefined)]) : []),
  },
  {
    name: "gateway-instance-type",
    description: "What is tagged vpn-gateway is of a current instance type with AES instructions and ENA.",
    types: [instance],
    judge: (props) =>
      isGateway(props) && typeof props.instanceType === "string"
        ? instanceTypeProblems(props.instanceType, true).filter(({ severity }) => severity === "error").map(({ message, remedy }) => `${props.instanceType} ${message}. ${remedy}`)
        : [],
  },
  {
    name: "ike-through-a-balancer",
    description: "A load balancer carries IKE as UDP, and ESP only within it; all of a client's to one machine.",
    types: [...listeners, ...targetGroups],
    judge: (props) => {
      const balancing = { protocol: text(props.protocol), port: typeof props.port === "number" ? props.port : undefined };
      if (targetGroupOnly.every((key) => !(key in props))) return present([ikeThroughBalancer(balancing)]);
      const health = props.healthCheck as { protocol?: string } | undefined;
      return present([
        gatewayTargets({
          ...balancing,
          preserveClientIp: props.preserveClientIp as string | undefined,
          healthProtocol: health?.protocol,
          stickiness: props.stickiness as { enabled?: boolean; type?: string } | undefined,
          proxyProtocol: props.proxyProtocolV2 === true,
        }),
      ]);
    },
  },
];

/** A rule for what several resources are together. A warning: a stack is not refused for it. */
export interface StackRule {
  name: string;
  description: string;
  judge(resources: readonly { type: string; name: string; props: Props }[]): string[];
}

export const stackRules: readonly StackRule[] = [
  {
    name: "pair-in-two-zones",
    description: "The two machines of an AwsGatewayPair are in two availability zones.",
    judge: (resources) => {
      const zones = new Map<string, string[]>();
      for (const { type, props } of resources) {
        // Known once the machine is there: a preview of the first `up` does not see it.
        if (type !== instance || !isGateway(props) || typeof props.availabilityZone !== "string") continue;
        const pair = String((props.tags as Props)["vpn-gateway"]);
        zones.set(pair, [...(zones.get(pair) ?? []), props.availabilityZone]);
      }
      return [...zones].flatMap(([pair, found]) => present([zonesOfPair(found)]).map((wrong) => `${pair}: ${wrong}`));
    },
  },
];

/** What a target group has and a listener has not, whose port and protocol are called the same. */
const targetGroupOnly = ["healthCheck", "preserveClientIp", "stickiness", "proxyProtocolV2", "targetType"];

/** All rules of ingress that a resource holds, in whichever of the three forms. */
function ingressOf(props: Props): Ingress[] {
  if (Array.isArray(props.ingress)) return (props.ingress as Props[]).map(oneIngress);
  const isEgress = props.type === "egress";
  return isEgress || !("protocol" in props || "ipProtocol" in props) ? [] : [oneIngress(props)];
}

function oneIngress(rule: Props): Ingress {
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : []);
  return {
    protocol: text(rule.protocol ?? rule.ipProtocol),
    fromPort: rule.fromPort as number | undefined,
    toPort: rule.toPort as number | undefined,
    cidrs: [rule.cidrBlocks, rule.ipv6CidrBlocks, rule.cidrIpv4, rule.cidrIpv6].flatMap(list),
  };
}

/** `AwsGateway` tags all that it makes. */
function isGateway({ tags }: Props): boolean {
  return tags !== null && typeof tags === "object" && Object.hasOwn(tags, "vpn-gateway");
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

function present(found: (string | undefined)[]): string[] {
  return found.filter((one): one is string => one !== undefined);
}
