import { contains, network, overlaps, parseAddress, parseNetwork, type Network } from "../addressing";
import { error, warning, type Problem } from "../validate/problem";
import { addressesOfLink, kindOfAs, linkRange, timersOf, toDevice } from "./bgp";
import { siteRoutings, type Side, type SiteBgpSpec, type SiteConnectionSpec } from "./spec";

const sides = ["left", "right"] as const;
/** The clouds' own: their metadata services are at 169.254.169.254. */
const metadata = "169.254.169.0/24";

/** What is wrong with how a connection's ends tell each other their networks. */
export function bgpProblems(spec: SiteConnectionSpec): Problem[] {
  const { routing = "static", bgp } = spec;
  if (!siteRoutings.includes(routing)) return [error("routing", routing, "is no way to know the other site's networks", `Use one of ${siteRoutings.join(", ")}.`)];
  if (routing === "static" || bgp === undefined) return [];
  return [...possible(spec), ...numbers(spec, bgp), ...link("bgp.link", spec, bgp), ...ownAddress(bgp), ...space(spec, bgp), ...amounts(spec, bgp)];
}

/** What is wrong with a connection that a layer-2 extension shall go over. */
export function layerTwoRoomProblems(spec: SiteConnectionSpec): Problem[] {
  if (spec.layerTwo === undefined) return [];
  const problems: Problem[] = [];
  if (spec.mode !== "route") problems.push(error("layerTwo", true, `needs an interface of its own, and the mode is ${spec.mode}`, 'Use mode "route", or leave it out.'));
  for (const side of sides) {
    if (spec[side].kind === "device") problems.push(error("layerTwo", true, `is between two gateways, and ${spec[side].name} is a device`, "Leave it out with devices."));
  }
  return spec.bgp === undefined ? [...problems, ...link("layerTwo", spec, spec.layerTwo)] : problems;
}

/** Whether BGP can be spoken, and by our ends. By which devices: `devices/validateBgp.ts`. */
function possible(spec: SiteConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  if (spec.mode !== "route") problems.push(error("mode", spec.mode, "has no interface that BGP could be spoken on", 'Use mode "route", or routing "static".'));
  for (const side of sides) {
    const { kind, name } = spec[side];
    if (kind !== "device" && !spec.bgp![side].room) problems.push(error(side, name, "makes no room for BGP", "Give the gateway `sites: { enabled: true, bgp: true }`."));
  }
  return problems;
}

function numbers(spec: SiteConnectionSpec, { left, right }: SiteBgpSpec): Problem[] {
  const path = (side: Side) => (spec[side].kind === "device" ? "device.as" : `bgp.${side}As`);
  if (spec.right.kind === "device" && right.as === 0) {
    return [...asProblems(path("left"), left.as), error(path("right"), undefined, "is not given, and BGP asks each end for its AS number", "Give the device's, such as 65010: what its owner has set, or shall set.")];
  }
  const problems = sides.flatMap((side) => asProblems(path(side), (side === "left" ? left : right).as));
  if (left.as === right.as) {
    problems.push(error(path("right"), right.as, `is the AS number of ${spec.left.name}, too`, "Give one of the two another: with the same one each refuses what the other has learned (RFC 4271, 9.1.2)."));
  }
  if (left.routerId === right.routerId && spec.right.kind !== "device") {
    problems.push(error("right", spec.right.name, `has the router id ${right.routerId}, as ${spec.left.name} has`, "Two gateways have two endpoints: give each its own."));
  }
  return problems;
}

/** RFC 6996 leaves two ranges to everybody; any other number is somebody's. */
export function asProblems(path: string, as: number): Problem[] {
  const advice = "Use one of 64512–65534 or 4200000000–4294967294.";
  switch (kindOfAs(as)) {
    case "none":
      return [error(path, as, "is no AS number that anybody can have (RFC 7607, 6793, 5398, 7300)", advice)];
    case "public":
      return [warning(path, as, "is not of the ranges for private use (RFC 6996)", `If it is not your own: ${advice[0].toLowerCase()}${advice.slice(1)}`)];
    default:
      return [];
  }
}

/** The inside network of a tunnel. */
function link(path: string, spec: SiteConnectionSpec, bgp: { link: string }): Problem[] {
  const parsed = parseNetwork(bgp.link);
  const advice = `Use a /31 of ${linkRange}, such as 169.254.64.0/31, or leave it out.`;
  const fits = addressesOfLink(bgp.link) !== undefined && (parsed!.prefix === 31 || toDevice(spec));
  if (!fits || parsed!.hostBits || !overlaps(parsed!, network("169.254.0.0/16"))) {
    return [error(path, bgp.link, `is not a /31 ${toDevice(spec) ? "or /30 " : ""}of 169.254.0.0/16`, advice)];
  }
  if (overlaps(parsed!, network(metadata))) return [error(path, bgp.link, "holds addresses that clouds keep for themselves", advice)];
  const taken = sides.flatMap((side) => spec[side].networks.map((text, index) => ({ where: `${side}.networks[${index}]`, text, parsed: parseNetwork(text) })));
  const clash = taken.find((one) => one.parsed && overlaps(one.parsed, parsed!));
  return clash === undefined ? [] : [error(path, bgp.link, `overlaps ${clash.where} (${clash.text})`, advice)];
}

function ownAddress({ link: text, leftAddress }: SiteBgpSpec): Problem[] {
  const both = addressesOfLink(text);
  if (leftAddress === undefined || both === undefined || both.includes(leftAddress)) return [];
  return [error("bgp.leftAddress", leftAddress, `is no address of the link ${text}`, `Use ${both.join(" or ")}, or leave it out.`)];
}

/** A mesh's whole space: what is not within it would be refused by each of the others. */
function space(spec: SiteConnectionSpec, { transit }: SiteBgpSpec): Problem[] {
  const parsed = transit.map(parseNetwork);
  const problems = transit.flatMap((text, index) => {
    const one = parsed[index];
    const path = `bgp.transit[${index}]`;
    if (one === undefined) return [error(path, text, "is not a network in CIDR notation", "Write e.g. 10.0.0.0/8 or fd00::/8.")];
    if (one.prefix === 0) return [error(path, text, "lets a default route through", "Name the networks that the sites have.")];
    return one.hostBits ? [error(path, text, "has bits set behind the prefix", `Write ${one.text} if that is what you mean.`)] : [];
  });
  if (problems.length > 0 || transit.length === 0) return problems;
  return sides.flatMap((side) => outside(side, spec, parsed as Network[]));
}

function outside(side: Side, spec: SiteConnectionSpec, space: readonly Network[]): Problem[] {
  return spec[side].networks.flatMap((text, index) => {
    const one = parseNetwork(text);
    const within = one === undefined || space.some((whole) => contains(whole, { family: one.family, value: one.first }) && contains(whole, { family: one.family, value: one.last }));
    return within ? [] : [error(`${side}.networks[${index}]`, text, `is outside of what the sites may have: ${space.map((whole) => whole.text).join(", ")}`, "Name it among those networks, or leave it out.")];
  });
}

function amounts(spec: SiteConnectionSpec, { left, right, bfdInterval, mostPrefixes }: SiteBgpSpec): Problem[] {
  const { keepalive, hold } = timersOf({ spec });
  const whole = (path: string, value: number, least: number, most: number, or = "") =>
    Number.isInteger(value) && ((or !== "" && value === 0) || (value >= least && value <= most)) ? [] : [error(path, value, `is not ${or}a whole number from ${least} to ${most}`, "Give one within that range.")];
  return [
    ...whole("bgp.leftPreference", left.preference, 1, 999),
    ...whole("bgp.rightPreference", right.preference, 1, 999),
    ...whole("bgp.bfdInterval", bfdInterval, 100, 10_000, "0 or "),
    ...whole("bgp.mostPrefixes", mostPrefixes, 1, 100_000),
    ...whole("bgp.keepalive", keepalive, 1, 21_845),
    ...whole("bgp.hold", hold, 3, 65_535),
    ...(hold < 3 * keepalive ? [error("bgp.hold", hold, `is less than three times the keepalive of ${keepalive} s: one packet lost would end the session`, "Give at least three times as much (RFC 4271, 4.4).")] : []),
    ...sides.flatMap((side) => (parseAddress((side === "left" ? left : right).routerId)?.family === 4 ? [] : [error(side, undefined, "has no router id", "Give the gateway an endpoint.")])),
  ];
}
