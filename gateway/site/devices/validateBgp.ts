import { contains, network, overlaps, parseNetwork, type Network } from "../../addressing";
import { error, type Problem } from "../../validate/problem";
import { addressesOfLink, speaksBgp, timersOf } from "../bgp";
import type { SiteBgpSpec, SiteConnectionSpec } from "../spec";
import type { DeviceBgp, DeviceKind } from "./device";

/** What is against BGP with a device of a kind, beside what is against it with anybody (../validateBgp.ts). The device is the right end. */
export function deviceBgpProblems({ title, bgp: its, inside6 = false }: DeviceKind, spec: SiteConnectionSpec): Problem[] {
  if (!speaksBgp({ spec })) return [];
  if ("none" in its) return [error("routing", "bgp", `is nothing that the text for ${title} holds: ${its.none}`, 'Use routing "static" with this kind of device.')];
  const bgp = spec.bgp!;
  return [...link(title, its, bgp), ...numbers(its, bgp), ...(inside6 ? family(title, spec) : []), ...beyond(title, bgp), ...liveness(title, its, bgp), ...timers(title, its, spec)];
}

function link(title: string, its: DeviceBgp, { link: text, leftAddress }: SiteBgpSpec): Problem[] {
  const parsed = parseNetwork(text);
  const both = addressesOfLink(text);
  // What is no link at all is said elsewhere.
  if (parsed === undefined || both === undefined || parsed.hostBits) return [];
  const problems: Problem[] = [];
  const lengths = its.linkPrefixes.map((prefix) => `/${prefix}`).join(" or ");
  if (!(its.linkPrefixes as readonly number[]).includes(parsed.prefix)) {
    problems.push(error("bgp.link", text, `is not what ${title} has: ${lengths}`, `Use a ${lengths}, or leave it out.`));
  }
  if (its.linksWithin !== undefined && !its.linksWithin.some((range) => within(network(range), parsed))) {
    problems.push(error("bgp.link", text, `is outside of what ${title} takes: ${its.linksWithin.join(", ")}`, "Use one within that, or leave it out."));
  }
  const kept = its.linksKept?.find((range) => overlaps(network(range), parsed));
  if (kept !== undefined) problems.push(error("bgp.link", text, `is what ${title} keeps for itself: ${kept}`, "Use another, or leave it out."));
  if (its.first === true && leftAddress === both[0]) {
    problems.push(error("bgp.leftAddress", leftAddress, `is the lower address of ${text}, which ${title} has itself`, "Leave it out."));
  }
  return problems;
}

function within(whole: Network, part: Network): boolean {
  return whole.family === part.family && contains(whole, { family: part.family, value: part.first }) && contains(whole, { family: part.family, value: part.last });
}

function numbers({ refusesAs }: DeviceBgp, { left, right }: SiteBgpSpec): Problem[] {
  if (refusesAs === undefined) return [];
  return ([["bgp.leftAs", "gateway", left.as], ["device.as", "device", right.as]] as const).flatMap(([path, whose, as]) => {
    const why = as === 0 ? undefined : refusesAs(as, whose);
    return why === undefined ? [] : [error(path, as, why, "Give another one.")];
  });
}

/** Of a kind that has IPv6 otherwise: of the others it is said anyway. */
function family(title: string, { left, right }: SiteConnectionSpec): Problem[] {
  return ([["left", left], ["right", right]] as const).flatMap(([side, end]) =>
    end.networks.flatMap((text, index) =>
      parseNetwork(text)?.family === 6
        ? [error(`${side}.networks[${index}]`, text, `is IPv6, and BGP with ${title} is of IPv4 alone`, `Name IPv4 networks alone${side === "left" ? " (`leftNetworks`)" : ""}, or use routing "static".`)]
        : [],
    ),
  );
}

function beyond(title: string, { transit, shared = [] }: SiteBgpSpec): Problem[] {
  const remedy = "Leave it out: a device may announce `device.networks` and nothing else.";
  return ([["transit", transit], ["shared", shared]] as const).flatMap(([name, list]) =>
    list.length === 0 ? [] : [error(`bgp.${name}`, list, `is between gateways, and ${title} is a device`, remedy)],
  );
}

function timers(title: string, { refusesTimers }: DeviceBgp, spec: SiteConnectionSpec): Problem[] {
  const { keepalive, hold } = timersOf({ spec });
  const why = refusesTimers?.({ keepalive, hold });
  return why === undefined ? [] : [error("bgp.hold", hold, `with a keepalive of ${keepalive} s is not what ${title} has: ${why}`, "Leave bgp.keepalive and bgp.hold out.")];
}

function liveness(title: string, { bfd }: DeviceBgp, { bfdInterval }: SiteBgpSpec): Problem[] {
  return bfdInterval === 0 || bfd ? [] : [error("bgp.bfdInterval", bfdInterval, `asks for BFD, which the text for ${title} does not set up`, "Leave it out: a dead link is then one of BGP's hold time (`bgp.hold`).")];
}
