import { network, parseNetwork, type Network } from "../addressing";
import { renderUserData } from "../cloudInit";
import type { GatewaySpec } from "../spec";
import { cloudPlatformProblems, peerProblems, poolProblems, userDataProblems, wholeNumber, worldProblems } from "../validate/cloud";
import { error, warning, type Problem } from "../validate/problem";
import { instanceTypeFacts } from "./instanceTypes";
import { routeServerProblems, type RouteServerFacts } from "./routeServer";
import { tagProblems } from "./tags";

/** What AWS adds to a gateway's description; undefined is what a preview does not know yet. */
export interface AwsFacts {
  instanceType?: string;
  /** An image that the user chose; its architecture is then theirs to know. */
  imageId?: string;
  /** Was an image chosen, known or not yet? */
  imageChosen: boolean;
  peers?: readonly string[];
  l2tpOutsideIpsec?: boolean;
  diskGigabytes?: number;
  tags?: Readonly<Record<string, string>>;
  /** Range of the network that is to be made; undefined where a subnet is given. */
  networkCidr?: string;
  /** Ranges of the VPC that was given. */
  vpcCidrs?: readonly string[];
  /** With a VPC's route server. */
  routeServer?: RouteServerFacts;
  /** How changes reach the gateway: one of {@link accessWays}. */
  access: string;
  generation: number;
}

export const accessWays = ["ssh", "systemsManager"] as const;

/** Everything that is wrong with a gateway on AWS beyond what `validateSpec` says of any. */
export function awsProblems(spec: GatewaySpec, facts: AwsFacts): Problem[] {
  return [
    ...nameProblems(spec, facts),
    ...(facts.instanceType === undefined ? [] : instanceTypeProblems(facts.instanceType, facts.imageChosen)),
    ...(facts.imageId === undefined || /^ami-[0-9a-f]{8}([0-9a-f]{9})?$/.test(facts.imageId)
      ? []
      : [error("imageId", facts.imageId, "is no id of an image", "Write e.g. ami-0123456789abcdef0.")]),
    ...peerProblems(facts.peers, facts.l2tpOutsideIpsec),
    ...accessProblems(spec, facts),
    ...wholeNumber("diskGigabytes", facts.diskGigabytes, 8, 16_384),
    ...wholeNumber("generation", facts.generation, 1, 9_999),
    ...(facts.tags === undefined ? [] : tagProblems(spec.name, facts.tags)),
    ...networkProblems(spec, facts),
    ...routeServerProblems(spec, facts.routeServer, facts.access, facts.networkCidr !== undefined),
    ...cloudPlatformProblems(spec),
    ...userDataProblems(spec, renderUserData),
  ];
}

/** IAM takes 64 characters for a role's name; Pulumi adds 8 to ours, and the longest suffix of ours has 9. */
const longestName = 64 - 8 - "-instance".length;

/** Beginnings that AWS refuses, of names that begin with the gateway's. */
const refusedBeginnings: [RegExp, string, (typeof accessWays)[number]?][] = [
  [/^sg-/, "security groups"],
  [/^(aws|amazon|amzn)/, "Systems Manager's documents", "systemsManager"],
  [/^(xn--|sthree-)/, "buckets", "systemsManager"],
];

function nameProblems({ name }: GatewaySpec, { access }: AwsFacts): Problem[] {
  const problems = refusedBeginnings
    .filter(([beginning, , way]) => beginning.test(name) && (way === undefined || way === access))
    .map(([beginning, what]) => error("name", name, `begins with ${beginning.exec(name)?.[0]}, which AWS does not take of ${what}`, "Begin it with something else."));
  if (name.length > longestName) {
    problems.push(error("name", name, `has ${name.length} characters, and AWS's names leave room for ${longestName}`, "Shorten it."));
  }
  return problems;
}

/** A type that cannot be a gateway, and one that the tables do not know: without an image its architecture is a guess. */
export function instanceTypeProblems(type: string, imageChosen = false): Problem[] {
  const facts = instanceTypeFacts(type);
  switch (facts.kind) {
    case "known":
      return [];
    case "malformed":
      return [error("instanceType", type, "is no instance type", "Write family and size, e.g. c7g.medium or c7a.medium.")];
    case "refused":
      return [error("instanceType", type, `cannot carry a gateway: its family ${facts.why}`, "Use a current one, e.g. c7g.medium (arm64) or c7a.medium (amd64).")];
    case "unknown":
      return imageChosen
        ? [warning("instanceType", type, "is of a family that the library does not know", "See for yourself that it has AES instructions and ENA, and that imageId is of its architecture.")]
        : [error("instanceType", type, "is of a family that the library does not know, so that it cannot choose an image", "Use e.g. c7g.medium or c7a.medium, or give imageId too.")];
  }
}

function accessProblems(spec: GatewaySpec, { access }: AwsFacts): Problem[] {
  if (!(accessWays as readonly string[]).includes(access)) {
    return [error("access", access, "is not a word that is known here", `Use one of ${accessWays.join(", ")}.`)];
  }
  const problems = worldProblems(spec);
  if (access === "ssh" && spec.administrators.length === 0) {
    problems.push(error("administrators", [], "lets nobody in by SSH, which is how the gateway is configured", 'Name the range that `pulumi up` runs in, or use access "systemsManager".'));
  }
  if (access === "systemsManager") {
    if (spec.administrators.length > 0) {
      problems.push(error("administrators", spec.administrators, "opens SSH, which nobody needs where Systems Manager is the way in", "Leave it empty."));
    }
    if (spec.platform !== "ubuntu2404") {
      problems.push(error("access", access, `needs an image with Systems Manager's agent, and ${spec.platform}'s has none`, 'Use platform "ubuntu2404", or access "ssh".'));
    }
  }
  return problems;
}

function networkProblems(spec: GatewaySpec, { networkCidr, vpcCidrs }: AwsFacts): Problem[] {
  const problems: Problem[] = [];
  const made = networkCidr === undefined ? undefined : parseNetwork(networkCidr);
  if (networkCidr !== undefined) {
    // EC2 takes /16 to /28 for a VPC and for a subnet.
    if (made === undefined || made.family !== 4 || made.hostBits || made.prefix < 16 || made.prefix > 28) {
      problems.push(error("networkCidr", networkCidr, "is not an IPv4 network from /16 to /28", "Write e.g. 10.76.0.0/24."));
    }
  }
  return [
    ...problems,
    ...poolProblems(spec, [
      ...(made === undefined ? [] : [["networkCidr", made] as [string, Network]]),
      ...(vpcCidrs ?? []).map((text): [string, Network] => ["the VPC's range", network(text)]),
    ]),
  ];
}
