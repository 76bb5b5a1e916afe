import { contains, network, parseAddress, parseNetwork } from "../addressing";
import { bothActive } from "../pair";
import { pairFronts, type AwsMoveSpec, type GatewaySpec, type PairFront, type PairSpec } from "../spec";
import { error, warning, type Problem } from "./problem";

const card = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;

/** One machine of a pair. What concerns the two together is judged where both are known (see components). */
export function pairProblems(spec: GatewaySpec): Problem[] {
  const { pair } = spec;
  if (pair === undefined) return [];
  const problems: Problem[] = [];
  if (!pairFronts.includes(pair.front)) {
    problems.push(error("pair.front", pair.front, "is no front of a pair", `Use one of ${pairFronts.join(", ")}.`));
  }
  if (pair.member !== 1 && pair.member !== 2) problems.push(error("pair.member", pair.member, "is neither 1 nor 2", "A pair has two machines."));
  for (const key of ["address", "peer"] as const) {
    if (parseAddress(pair[key])?.family !== 4) {
      problems.push(error(`pair.${key}`, pair[key], "is not an IPv4 address", "Give the machine's own address, without a prefix length."));
    }
  }
  if (pair.address === pair.peer) problems.push(error("pair.peer", pair.peer, "is this machine's own address", "Give the other machine's."));
  if (pair.interface !== undefined && !card.test(pair.interface)) problems.push(error("pair.interface", pair.interface, "is no name of an interface", "At most 15 letters, digits, dots or hyphens."));
  if (!whole(pair.virtualRouterId, 1, 255)) {
    problems.push(error("pair.virtualRouterId", pair.virtualRouterId, "is not a whole number from 1 to 255", "Take one that no other pair on this network has."));
  }
  problems.push(...siteProblems(spec, pair), ...sharedProblems(pair), ...floatingProblems(spec, pair), ...healthProblems(spec, pair), ...moveProblems(pair), ...nameProblems(spec, pair), ...bothActiveProblems(pair));
  return problems;
}

/** Why no tunnel to another site can follow who is active. */
const noSites: Record<Exclude<PairFront, "floatingAddress">, string> = {
  loadBalancer: "is not to be had behind a load balancer: the other site wants one address that it is dialled from, too, and a machine dials from its own",
  dns: "is not to be had behind a DNS name: the other site wants one address that stays, and each machine has its own",
  loadSharing: "is not to be had behind a load balancer: the other site wants one address that it is dialled from, too, and each machine dials from its own",
};

function siteProblems(spec: GatewaySpec, { front }: PairSpec): Problem[] {
  const problems: Problem[] = [];
  const reason = front === "floatingAddress" ? undefined : noSites[front];
  if (spec.sites && reason !== undefined) problems.push(error("sites", true, reason, 'Use front "floatingAddress" where there is one, or a gateway by itself for site connections.'));
  if (spec.lac) problems.push(error("sites.lac", true, "is not built for a pair: a session with an LNS stays with one machine", "Use a gateway by itself for it."));
  if (spec.layerTwo) problems.push(error("sites.layerTwo", true, "is not built for a pair: a segment that both machines bridge would be a loop", "Use a gateway by itself for it."));
  return problems;
}

function nameProblems(spec: GatewaySpec, pair: PairSpec): Problem[] {
  const { front, ownEndpoint, peerEndpoint } = pair;
  if (front !== "dns") return [];
  const problems: Problem[] = [];
  if (parseAddress(spec.endpoint)) problems.push(error("endpoint", spec.endpoint, "is an address, and clients find both machines by one name", "Give the DNS name, e.g. vpn.example.com."));
  for (const [key, value] of Object.entries({ ownEndpoint, peerEndpoint })) {
    if (value === undefined || parseAddress(value)?.family !== 4) problems.push(error(`pair.${key}`, value, "is not an IPv4 address", "Give the address that the name has for that machine."));
  }
  if (ownEndpoint !== undefined && ownEndpoint === peerEndpoint) problems.push(error("pair.peerEndpoint", peerEndpoint, "is this machine's own", "Give the other machine's."));
  return problems;
}

function bothActiveProblems(pair: PairSpec): Problem[] {
  if (!bothActive(pair)) return [];
  const { floating, drainSeconds } = pair;
  const problems: Problem[] = [];
  if (floating.length > 0) problems.push(error("pair.floating", floating.map(({ address }) => address), "has no meaning where both machines are active", "Leave it empty, and lead the way back to each half of the pools to its machine."));
  // A push that waits so long goes back by itself after three minutes more.
  if (!whole(drainSeconds, 1, 120)) problems.push(error("pair.drainSeconds", drainSeconds, "is not a whole number from 1 to 120", "Give the health checks' time, and a name's time to live."));
  return problems;
}

function sharedProblems({ sharedAddress, front, address, peer }: PairSpec): Problem[] {
  if (sharedAddress === undefined) return [];
  const problems: Problem[] = [];
  if (parseAddress(sharedAddress)?.family !== 4) problems.push(error("pair.sharedAddress", sharedAddress, "is not an IPv4 address", "Give the load balancer's, without a prefix length."));
  if (front !== "loadBalancer") problems.push(error("pair.sharedAddress", sharedAddress, `has no meaning with ${front}`, "Leave it out, or use loadBalancer."));
  if ([address, peer].includes(sharedAddress)) problems.push(error("pair.sharedAddress", sharedAddress, "is one of the machines' own addresses", "Give the load balancer's."));
  return problems;
}

function floatingProblems(spec: GatewaySpec, pair: PairSpec): Problem[] {
  const problems = pair.floating.flatMap(({ address, interface: name }, index) => {
    const path = `pair.floating[${index}]`;
    const [host, prefix, ...rest] = address.split("/");
    const found: Problem[] = [];
    if (parseAddress(host)?.family !== 4 || rest.length > 0 || !/^([0-9]|[12][0-9]|3[0-2])$/.test(prefix ?? "")) {
      found.push(error(`${path}.address`, address, "is not an IPv4 address with its prefix length", "Write e.g. 192.0.2.11/24."));
    }
    if ([pair.address, pair.peer].includes(host)) {
      found.push(error(`${path}.address`, address, "is one of the machines' own addresses", "An address that moves belongs to neither."));
    }
    if (!card.test(name)) found.push(error(`${path}.interface`, name, "is no name of an interface", "At most 15 letters, digits, dots or hyphens."));
    const pools = [spec.l2tp?.pool, spec.ikev2?.pool].flatMap((pool) => (pool !== undefined && parseNetwork(pool) ? [pool] : []));
    for (const pool of pools) {
      const parsed = parseAddress(host);
      if (parsed && contains(network(pool), parsed)) found.push(error(`${path}.address`, address, `is in the clients' pool ${pool}`, "Use an address that no client gets."));
    }
    return found;
  });
  if (pair.front === "floatingAddress" && pair.move?.publicIp !== spec.endpoint && parseAddress(spec.endpoint) && !pair.floating.some(({ address }) => address.split("/")[0] === spec.endpoint)) {
    problems.push(warning("endpoint", spec.endpoint, "is none of the pair's floating addresses", "That is right behind a 1:1 NAT that follows the active machine, and wrong anywhere else."));
  }
  return problems;
}

/** What goes into a signed request, and so must be no more than it seems. */
const moveForms: [keyof AwsMoveSpec, RegExp, string][] = [
  ["region", /^[a-z]{2}(-[a-z]+)+-\d$/, "Write e.g. eu-central-1."],
  ["allocationId", /^eipalloc-[0-9a-f]+$/, "Give the Elastic IP's allocation, e.g. eipalloc-0123456789abcdef0."],
  ["networkInterfaceId", /^eni-[0-9a-f]+$/, "Give the machine's interface, e.g. eni-0123456789abcdef0."],
  ["peerNetworkInterfaceId", /^eni-[0-9a-f]+$/, "Give the other machine's interface, e.g. eni-0123456789abcdef0."],
];

function moveProblems(pair: PairSpec): Problem[] {
  const { move } = pair;
  if (move === undefined) return [];
  const problems = moveForms.flatMap(([key, form, remedy]) => (form.test(String(move[key])) ? [] : [error(`pair.move.${key}`, move[key], "is not of the form that EC2 gives", remedy)]));
  if (pair.front !== "floatingAddress") problems.push(error("pair.move", undefined, `has no meaning behind ${pair.front}`, "Leave it out, or use floatingAddress."));
  for (const key of ["publicIp", "privateAddress", "peerPrivateAddress"] as const) {
    if (parseAddress(move[key])?.family !== 4) problems.push(error(`pair.move.${key}`, move[key], "is not an IPv4 address", "Write e.g. 10.76.0.11."));
  }
  const addresses = [pair.address, pair.peer, move.privateAddress, move.peerPrivateAddress];
  if (new Set(addresses).size < addresses.length) {
    problems.push(error("pair.move.privateAddress", move.privateAddress, "is not apart from the machines' other addresses", "Each machine has one of its own, and another for the Elastic IP."));
  }
  if (move.networkInterfaceId === move.peerNetworkInterfaceId) problems.push(error("pair.move.peerNetworkInterfaceId", move.peerNetworkInterfaceId, "is this machine's own interface", "Give the other machine's."));
  move.routes.forEach(({ routeTableId, destination }, index) => {
    const path = `pair.move.routes[${index}]`;
    if (!/^rtb-[0-9a-f]+$/.test(routeTableId)) problems.push(error(`${path}.routeTableId`, routeTableId, "is no id of a route table", "Write e.g. rtb-0123456789abcdef0."));
    if (parseNetwork(destination) === undefined) problems.push(error(`${path}.destination`, destination, "is not a network in CIDR notation", "Write e.g. 10.77.2.0/24."));
  });
  return problems;
}

function healthProblems(spec: GatewaySpec, pair: PairSpec): Problem[] {
  const problems: Problem[] = [];
  if (!whole(pair.healthPort, 1, 65535)) problems.push(error("pair.healthPort", pair.healthPort, "is no TCP port", "Give one from 1 to 65535."));
  if (pair.healthPort === spec.sshPort) problems.push(error("pair.healthPort", pair.healthPort, "is SSH's port", "Give another."));
  pair.healthCheckers.forEach((range, index) => {
    if (parseNetwork(range) === undefined) {
      problems.push(error(`pair.healthCheckers[${index}]`, range, "is not a network in CIDR notation", "Write e.g. 10.20.0.0/16: where the load balancer asks from."));
    }
  });
  if (pair.front !== "floatingAddress" && pair.healthCheckers.length === 0) {
    problems.push(error("pair.healthCheckers", undefined, "nobody may ask whether a machine is active", "Give the ranges that the health checks come from."));
  }
  return problems;
}

function whole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
