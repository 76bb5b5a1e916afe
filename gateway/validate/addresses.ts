import {
  contains, ikev2Clients, isPrivate, overlaps, parseAddress, parseNetwork, type Family, type Network,
} from "../addressing";
import { l2tpShare, ownShare } from "../pair";
import type { GatewaySpec, UserSpec } from "../spec";
import { speaks } from "../users";
import { error, warning, type Problem } from "./problem";

/** xl2tpd waits with select() and a descriptor a client; 1,024 is the end of what that can hold. */
const l2tpBound = 1000;

interface Placed {
  path: string;
  text: string;
  network: Network;
}

/** Pools, inside networks and name servers, each by itself and all against each other. */
export function addressProblems(spec: GatewaySpec): Problem[] {
  const problems: Problem[] = [];
  const pools = [
    ...pool("l2tp.pool", spec.l2tp?.pool, 4, problems),
    ...pool("ikev2.pool", spec.ikev2?.pool, 4, problems),
    ...pool("ikev2.pool6", spec.ikev2?.pool6, 6, problems),
  ];
  const fixed = [
    ...pool("l2tp.fixedPool", spec.l2tp?.fixedPool, 4, problems),
    ...pool("ikev2.fixedPool", spec.ikev2?.fixedPool, 4, problems),
    ...pool("ikev2.fixedPool6", spec.ikev2?.fixedPool6, 6, problems),
  ];
  if (spec.ikev2?.fixedPool6 !== undefined && (spec.ikev2.pool6 === undefined || spec.ikev2.fixedPool === undefined)) {
    problems.push(error("ikev2.fixedPool6", spec.ikev2.fixedPool6, "stands without pool6 or without fixedPool", "Give all of pool, pool6, fixedPool and fixedPool6."));
  }
  const inside = insideNetworks(spec, problems);
  const all = [...pools, ...fixed];
  problems.push(...poolOverlaps(spec, all, inside), ...capacities(spec, pools), ...nameServers(spec, all));
  return problems;
}

function pool(path: string, text: string | undefined, family: Family, problems: Problem[]): Placed[] {
  if (text === undefined) return [];
  const parsed = parseNetwork(text);
  if (parsed === undefined || parsed.family !== family) {
    problems.push(error(path, text, `is not an IPv${family} network in CIDR notation`, `Write e.g. ${family === 4 ? "10.77.1.0/24" : "fd77:1::/64"}.`));
    return [];
  }
  if (parsed.hostBits) {
    problems.push(error(path, text, "has bits set behind the prefix", `Write ${parsed.text} if that is what you mean.`));
  }
  if (!isPrivate(parsed)) {
    problems.push(warning(path, text, "is neither a private nor the shared range", "Clients then no longer reach the real owners of these addresses: use a private range."));
  }
  return [{ path, text, network: parsed }];
}

function insideNetworks(spec: GatewaySpec, problems: Problem[]): Placed[] {
  const seen = new Map<string, string>();
  return spec.insideNetworks.flatMap((text, index) => {
    const path = `insideNetworks[${index}]`;
    const parsed = parseNetwork(text);
    if (parsed === undefined) {
      problems.push(error(path, text, "is not a network in CIDR notation", "Write e.g. 10.20.0.0/16."));
      return [];
    }
    if (parsed.hostBits) {
      problems.push(error(path, text, "has bits set behind the prefix", `Write ${parsed.text} if that is what you mean.`));
    }
    const first = seen.get(parsed.text);
    if (first !== undefined) problems.push(error(path, text, `is there already as ${first}`, "Leave one of them out."));
    seen.set(parsed.text, seen.get(parsed.text) ?? path);
    if (parsed.family === 6 && spec.ikev2 && spec.ikev2.pool6 === undefined) {
      problems.push(warning(path, text, "cannot be reached: clients have no IPv6 address", "Give ikev2 a pool6."));
    }
    return [{ path, text, network: parsed }];
  });
}

function poolOverlaps(spec: GatewaySpec, pools: Placed[], inside: Placed[]): Problem[] {
  const problems: Problem[] = [];
  const endpoint = parseAddress(spec.endpoint);
  pools.forEach((one, index) => {
    for (const other of [...pools.slice(index + 1), ...inside]) {
      if (overlaps(one.network, other.network)) {
        problems.push(error(one.path, one.text, `overlaps ${other.path} (${other.text})`, "Use ranges that share no address."));
      }
    }
    if (endpoint !== undefined && contains(one.network, endpoint)) {
      problems.push(error(one.path, one.text, `holds the gateway's own address ${spec.endpoint}`, "Use a range that nothing else has."));
    }
  });
  return problems;
}

/** Who takes an address of that pool: whoever may come by its protocol and has no fixed one. */
const takers: Record<string, (user: UserSpec) => boolean> = {
  "l2tp.pool": (user) => speaks(user, "l2tp") && user.l2tpAddress === undefined,
  "ikev2.pool": (user) => speaks(user, "ikev2") && user.ikev2Address === undefined,
  "ikev2.pool6": (user) => speaks(user, "ikev2") && user.ikev2Address6 === undefined,
};

function capacities(spec: GatewaySpec, pools: Placed[]): Problem[] {
  const byL2tp = spec.users.filter((user) => speaks(user, "l2tp")).length;
  const problems = pools.flatMap(({ path, text, network }) => {
    // Where one machine of a pair is dead, the other has to serve everybody with its half.
    const room = path === "l2tp.pool" ? BigInt(l2tpShare(text, spec.pair).clients) : ikev2Clients(ownShare(network, spec.pair));
    const places = room > 0n ? room : 0n;
    const users = spec.users.filter(takers[path]).length;
    if (places > 0n && places >= BigInt(users)) return [];
    const half = spec.pair ? " on each machine of the pair" : "";
    return [error(path, text, `has room for ${places} clients${half} and there are ${users} users`, "Use a larger network.")];
  });
  if (spec.l2tp && byL2tp > l2tpBound) {
    problems.push(error("users", undefined, `${byL2tp} users of L2TP: xl2tpd serves about ${l2tpBound} clients at once`, "Let some come by IKEv2 alone (`protocols`), or spread them over several gateways."));
  }
  return problems;
}

function nameServers(spec: GatewaySpec, pools: Placed[]): Problem[] {
  const problems: Problem[] = [];
  spec.dns.forEach((text, index) => {
    const path = `dns[${index}]`;
    const address = parseAddress(text);
    if (address === undefined) {
      problems.push(error(path, text, "is not an IP address", "Give the address of a name server, not its name."));
      return;
    }
    for (const one of pools) {
      if (contains(one.network, address)) {
        problems.push(error(path, text, `is in the clients' ${one.path} (${one.text})`, "A client gets that address: use another server."));
      }
    }
    if (spec.dns.indexOf(text) < index) problems.push(error(path, text, "is there twice", "Leave one of them out."));
  });
  const four = spec.dns.filter((text) => parseAddress(text)?.family === 4).length;
  if (spec.l2tp && four > 2) {
    problems.push(warning("dns", undefined, "L2TP clients are given the first two IPv4 servers only", "PPP has room for two."));
  }
  return problems;
}
