import { disk, forwarding, gatewayTargets, ikeThroughBalancer, metadataService, zonesOfPair } from "../gateway/aws/checks";
import { instanceTypeProblems } from "../gateway/aws/validate";
import { balancing as azureBalancing, forwarding as azureForwarding, passwordLogin } from "../gateway/azure/checks";
import { vmSizeProblems } from "../gateway/azure/validate";
import { l2tpRule, sshRule } from "../gateway/checks";
import { forwarding as gcpForwarding, projectKeys, serviceAccount } from "../gateway/gcp/checks";
import { machineTypeProblems } from "../gateway/gcp/validate";
import type { Problem } from "../gateway/validate";
import { ingressOf, ingressTypes, type Props } from "./ingress";

/** A rule for resources of some types, in any program. Knows nothing of CrossGuard. */
export interface Rule {
  name: string;
  description: string;
  types: readonly string[];
  /** What is wrong with the resource, which is of one of the types, a sentence each. */
  judge(props: Props, type: string): string[];
}

const instance = "aws:ec2/instance:Instance";
const launchTemplate = "aws:ec2/launchTemplate:LaunchTemplate";
const networkInterface = "aws:ec2/networkInterface:NetworkInterface";
const listeners = ["aws:lb/listener:Listener", "aws:alb/listener:Listener"];
const googleInstance = "gcp:compute/instance:Instance";
const azureMachine = "azure-native:compute:VirtualMachine";
const azureInterface = "azure-native:network:NetworkInterface";
const azureBalancer = "azure-native:network:LoadBalancer";
const targetGroups = ["aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup"];

export const rules: readonly Rule[] = [
  {
    name: "no-ssh-from-the-world",
    description: "No security group or firewall lets SSH in from anywhere.",
    types: ingressTypes,
    judge: (props, type) => present(ingressOf(props, type).map((rule) => sshRule(rule))),
  },
  {
    name: "no-l2tp-outside-ipsec",
    description: "No security group or firewall lets L2TP in from anywhere: within IPsec it needs no rule.",
    types: ingressTypes,
    judge: (props, type) => present(ingressOf(props, type).map((rule) => l2tpRule(rule))),
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
    types: [instance, networkInterface, googleInstance, azureInterface],
    judge: (props, type) => {
      if (!isGateway(props)) return [];
      if (type === googleInstance) return present([gcpForwarding(props.canIpForward as boolean | undefined)]);
      if (type === azureInterface) return present([azureForwarding(props.enableIPForwarding as boolean | undefined)]);
      // An instance with an interface that was made before it takes the interface's word.
      return props.primaryNetworkInterface === undefined ? present([forwarding(props.sourceDestCheck as boolean | undefined)]) : [];
    },
  },
  {
    name: "gateway-instance-type",
    description: "What is tagged vpn-gateway is of a current type with AES instructions and a fast interface.",
    types: [instance, googleInstance, azureMachine],
    judge: (props, type) => {
      const size = type === azureMachine ? (props.hardwareProfile as Props | undefined)?.vmSize : type === googleInstance ? props.machineType : props.instanceType;
      if (!isGateway(props) || typeof size !== "string") return [];
      const problems = type === azureMachine ? vmSizeProblems(size, true) : type === googleInstance ? machineTypeProblems(size, true) : instanceTypeProblems(size, true);
      return errorsOf(size, problems);
    },
  },
  {
    name: "gateway-keys-of-its-own",
    description: "Nobody enters a gateway by a key of the whole Google Cloud project, or by password.",
    types: [googleInstance, azureMachine],
    judge: (props, type) => {
      if (type === azureMachine) return present([passwordLogin(props.osProfile as Parameters<typeof passwordLogin>[0])]);
      return isGateway(props) ? present([projectKeys(props.metadata as Props | undefined)]) : [];
    },
  },
  {
    name: "gateway-without-account",
    description: "A gateway on Google Cloud has no service account, which whoever gets into it would have too.",
    types: [googleInstance],
    judge: (props) => (isGateway(props) ? present([serviceAccount(props.serviceAccount as Parameters<typeof serviceAccount>[0])]) : []),
  },
  {
    name: "ike-through-a-balancer",
    description: "A load balancer carries IKE as UDP, and ESP only within it; all of a client's to one machine.",
    types: [...listeners, ...targetGroups, azureBalancer],
    judge: (props, type) => {
      if (type === azureBalancer) return present(((props.loadBalancingRules ?? []) as Parameters<typeof azureBalancing>[0][]).map(azureBalancing));
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

function errorsOf(value: string, problems: readonly Problem[]): string[] {
  return problems.filter(({ severity }) => severity === "error").map(({ message, remedy }) => `${value} ${message}. ${remedy}`);
}

/** The gateways tag all that they make, or label it on Google Cloud, where tags are another thing. */
function isGateway({ tags, labels }: Props): boolean {
  return [tags, labels].some((marks) => marks !== null && typeof marks === "object" && Object.hasOwn(marks, "vpn-gateway"));
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

function present(found: (string | undefined)[]): string[] {
  return found.filter((one): one is string => one !== undefined);
}
