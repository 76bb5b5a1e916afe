import { parseNetwork } from "../addressing";
import type { GatewaySpec } from "../spec";
import { error, warning, type Problem } from "../validate/problem";
import { zonesOfPair } from "./checks";
import { awsProblems, type AwsFacts } from "./validate";

/** What AWS knows of a subnet. */
export interface AwsSubnet {
  id: string;
  vpcId: string;
  /** Availability zone, e.g. eu-central-1a. */
  zone: string;
  cidr: string;
}

/** What AWS adds to a pair's description; undefined is what a preview does not know yet. */
export interface AwsPairFacts extends AwsFacts {
  /** How many subnets were given, or undefined where they are to be made. */
  subnetCount?: number;
  /** Those that were given. */
  subnets?: readonly AwsSubnet[];
  routeTableIds: Readonly<Record<string, string | undefined>>;
  /** Networks of other sites. */
  siteNetworks: Readonly<Record<string, string | undefined>>;
  /** Was a name given that clients connect to, and the zone that it is in, known or not yet? */
  named: boolean;
  zone: boolean;
  zoneId?: string;
}

/** Everything that is wrong with a pair on AWS beyond what `validateSpec` says of any. */
export function awsPairProblems(spec: GatewaySpec, facts: AwsPairFacts): Problem[] {
  return [
    ...awsProblems(spec, facts),
    ...subnetProblems(spec, facts),
    ...madeNetworkProblems(facts),
    ...routeTableProblems(facts),
    ...siteNetworkProblems(spec, facts),
    ...(spec.pair?.front === "loadBalancer" ? loadBalancerProblems(spec, facts) : []),
    ...(spec.pair?.front === "loadSharing"
      ? [error("front", "loadSharing", "is not to be had of AWS: its load balancer chooses for each port by itself, so that IKE's two would lead to two machines", "Use floatingAddress, loadBalancer or dns.")]
      : []),
    ...zoneProblems(spec, facts),
  ];
}

function subnetProblems(spec: GatewaySpec, { subnetCount, subnets }: AwsPairFacts): Problem[] {
  if (subnetCount !== undefined && subnetCount !== 2) return [error("subnetIds", subnetCount, "is not the number of a pair's subnets", "Give two, or none: then they are made.")];
  if (subnets === undefined) return [];
  const [first, second] = subnets;
  if (first.id === second.id) return [error("subnetIds[1]", second.id, "is the first machine's subnet", "Give one in another availability zone.")];
  if (first.vpcId !== second.vpcId) return [error("subnetIds[1]", second.id, `is in another VPC (${second.vpcId}) than the first (${first.vpcId})`, "Give two of one VPC.")];
  const same = zonesOfPair([first.zone, second.zone]);
  if (same === undefined) return [];
  return spec.pair?.front === "loadBalancer"
    ? [error("subnetIds[1]", second.id, `${same}; a load balancer takes one subnet of each`, "Give one in another zone.")]
    : [warning("subnetIds[1]", second.id, same, "Give one in another zone, or both machines go with this one.")];
}

function madeNetworkProblems({ networkCidr }: AwsPairFacts): Problem[] {
  const made = networkCidr === undefined ? undefined : parseNetwork(networkCidr);
  // Anything else that is wrong with it is said of every gateway.
  if (made?.family !== 4 || made.prefix !== 28) return [];
  return [error("networkCidr", networkCidr, "is too small for two subnets, which have 16 addresses at least", "Write e.g. 10.76.0.0/24.")];
}

function routeTableProblems({ routeTableIds }: AwsPairFacts): Problem[] {
  return Object.entries(routeTableIds).flatMap(([name, id]) =>
    id === undefined || /^rtb-[0-9a-f]+$/.test(id) ? [] : [error(`routeTableIds.${name}`, id, "is no id of a route table", "Write e.g. rtb-0123456789abcdef0.")],
  );
}

function siteNetworkProblems(spec: GatewaySpec, { siteNetworks, routeTableIds }: AwsPairFacts): Problem[] {
  const words = Object.keys(siteNetworks);
  if (words.length === 0) return [];
  const problems = Object.entries(siteNetworks).flatMap(([word, text]) => {
    const parsed = text === undefined ? undefined : parseNetwork(text);
    if (text === undefined || (parsed?.family === 4 && parsed.prefix > 0 && !parsed.hostBits)) return [];
    return [error(`siteNetworks.${word}`, text, "is not an IPv4 network in CIDR notation", "Write e.g. 10.20.0.0/16: a network of another site.")];
  });
  if (!spec.sites) problems.push(error("siteNetworks", words, "are reached by site connections, and there is no room for any", "Give `sites: { enabled: true }`, or leave it out."));
  if (spec.pair?.front !== "floatingAddress") problems.push(error("siteNetworks", words, `would lead to one machine, and with front ${spec.pair?.front} nothing moves them to the active one`, 'Use front "floatingAddress".'));
  if (Object.keys(routeTableIds).length === 0) problems.push(error("siteNetworks", words, "are for route tables, and none is named", "Name the tables in routeTableIds."));
  return problems;
}

function zoneProblems(spec: GatewaySpec, { named, zone, zoneId }: AwsPairFacts): Problem[] {
  const problems: Problem[] = [];
  if (spec.pair?.front !== "dns") return zone ? [error("zoneId", zoneId, `has no meaning with front ${spec.pair?.front}`, 'Leave it out, or use front "dns".')] : [];
  if (!named) problems.push(error("endpoint", undefined, "is missing, and clients find the two machines by it alone", "Give a DNS name in a zone of Route 53, e.g. vpn.example.com."));
  if (!zone) problems.push(error("zoneId", undefined, "is missing, and the name's records go there", "Give the hosted zone's id, e.g. Z0123456789ABCDEFGHIJ."));
  if (zoneId !== undefined && !/^Z[0-9A-Z]{1,31}$/.test(zoneId)) problems.push(error("zoneId", zoneId, "is no id of a hosted zone", "Write e.g. Z0123456789ABCDEFGHIJ."));
  return problems;
}

/** 32 characters for a load balancer and a target group; Pulumi adds 8 to ours, and the longest suffix of ours has 5. */
const longestName = 32 - 8 - "-natt".length;

function loadBalancerProblems(spec: GatewaySpec, { routeTableIds }: AwsPairFacts): Problem[] {
  const problems: Problem[] = [];
  if (spec.name.length > longestName) {
    problems.push(error("name", spec.name, `has ${spec.name.length} characters, and a load balancer's name leaves room for ${longestName}`, "Shorten it."));
  }
  if (/^internal-/.test(spec.name)) problems.push(error("name", spec.name, "begins with internal-, which AWS does not take of load balancers", "Begin it with something else."));
  if (Object.keys(routeTableIds).length > 0) {
    problems.push(error("routeTableIds", Object.keys(routeTableIds), "would lead to one machine, and behind a load balancer nothing moves them to the active one", 'Use front "floatingAddress", or masquerade "everywhere" without routes.'));
  }
  if (spec.insideNetworks.length > 0 && spec.masquerade !== "everywhere") {
    problems.push(warning("masquerade", spec.masquerade, "lets clients' own addresses into the inside networks, which need a way back to whichever machine is active", 'Behind a load balancer use "everywhere", unless you lead it there yourself.'));
  }
  return problems;
}
