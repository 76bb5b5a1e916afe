import { parseAddress, parseNetwork } from "../addressing";
import { error, warning, type Problem } from "../validate/problem";
import { followsActive, type Side, type SiteConnectionSpec, type SiteEndSpec } from "./spec";

/** What is against a connection that ends at a pair of gateways, or at one machine of a pair. */
export function pairEndProblems(spec: SiteConnectionSpec): Problem[] {
  return (["left", "right"] as const).flatMap((side) => {
    const end = spec[side];
    if (end.machines === undefined) return [];
    return [...addressProblems(side, end), ...(followsActive(end) ? ofPair(spec, side, end) : ofMember(spec, side, end))];
  });
}

function addressProblems(side: Side, { name, endpoint, machines, localAddresses = [] }: SiteEndSpec): Problem[] {
  const wanted = machines === "pair" ? 2 : 1;
  if (localAddresses.length === 0) {
    return [error(side, name, "has no address that stays, whichever of its machines is active", 'Use a pair with front "floatingAddress", or a gateway by itself.')];
  }
  if (localAddresses.length < wanted) return [error(side, name, "is one of the two machines that are an end together", "Give the pair's own `site`, which has both.")];
  return [
    ...localAddresses.filter((text) => parseAddress(text)?.family !== 4).map((text) => error(side, text, "is not the IPv4 address of a machine of a pair", "Give the pair's own `site`.")),
    ...(endpoint?.includes(":") ? [error(`${side}.endpoint`, endpoint, "is IPv6, and a pair has IPv4 outside", "Leave it out: the pair has an address of its own.")] : []),
  ];
}

function ofPair(spec: SiteConnectionSpec, side: Side, { name, networks }: SiteEndSpec): Problem[] {
  const problems: Problem[] = [];
  if (spec.routing === "bgp") {
    problems.push(error("routing", "bgp", `is between machines that stay, and the active one of ${name} may be another the next moment`, "Use `members[0].site` and `members[1].site` of the pair, a connection for each, or routing `static`."));
  }
  if (spec.layerTwo !== undefined) {
    problems.push(error("layerTwo", true, `would bridge both machines of ${name} with one segment`, "Use a gateway by itself for it."));
  }
  if (networks.some((text) => parseNetwork(text)?.family === 6)) {
    problems.push(warning(`${side}.networks`, undefined, `hosts behind ${name} find its active machine by an address that moves, and only an IPv4 one does`, "Lead IPv6 to the active machine yourself, or name IPv4 networks alone."));
  }
  return problems;
}

function ofMember(spec: SiteConnectionSpec, side: Side, { name }: SiteEndSpec): Problem[] {
  if (spec.routing === "bgp") return [];
  return [error(side, name, "is one machine of a pair, and without BGP nobody would learn that it is dead", 'Use the pair\'s own `site`, or routing "bgp" and a connection to each of its machines.')];
}
