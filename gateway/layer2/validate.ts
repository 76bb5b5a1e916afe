import { contains, network, parseAddress, parseNetwork } from "../addressing";
import { error, type Problem } from "../validate/problem";
import { leastLayerTwoMtu } from "./mtu";
import { mostVni } from "./names";
import type { LayerTwoEndSpec, LayerTwoSpec } from "./spec";

const label = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** dev_valid_name() of Linux, less what a shell or nft would read otherwise. */
const interfaceName = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,14}$/;
/** What the library or the kernel makes for other ends. */
const notInside = /^(lo$|st-|lac-|l2-|l2i-|l2t-|ppp|ipsec|gre|gretap|erspan|vxlan|tun|wg)/;
const sides = ["left", "right"] as const;
/** RFC 8200, 5. */
const leastMtu = 1280;

/** Everything that is wrong with an extension, all at once, before either gateway is touched. */
export function validateLayerTwo(spec: LayerTwoSpec): Problem[] {
  return [...words(spec), ...connection(spec), ...sides.flatMap((side) => end(side, spec[side])), ...vlans(spec), ...amounts(spec), ...addresses(spec), ...mtu(spec)];
}

function words(spec: LayerTwoSpec): Problem[] {
  return label.test(spec.name) ? [] : [error("name", spec.name, "is no name of an extension", "Use 1 to 40 of a-z, 0-9 and -, with no - at either end.")];
}

function connection({ connection: over }: LayerTwoSpec): Problem[] {
  if (sides.some((side) => over[side].kind === "device")) {
    return [error("over", over.name, "ends at a device, and frames cross between two gateways", "Name a connection between two gateways.")];
  }
  if (over.mode !== "route") return [error("over", over.name, `has no interface of its own: its mode is ${over.mode}`, 'Give the connection the mode "route".')];
  return over.layerTwo === undefined ? [error("over", over.name, "has no addresses of its own for frames to go between", "Give the connection `layerTwo: true`.")] : [];
}

function end(side: "left" | "right", { gateway, room, interface: name }: LayerTwoEndSpec): Problem[] {
  const problems: Problem[] = [];
  if (!room) problems.push(error(side, gateway, "makes no room for layer-2 extensions", "Give the gateway `sites: { enabled: true, layerTwo: true }`."));
  if (!interfaceName.test(name)) problems.push(error(`${side}.interface`, name, "is no name of an interface", "Give it as `ip link` shows it on the gateway, at most 15 characters."));
  else if (notInside.test(name)) problems.push(error(`${side}.interface`, name, "is no inside interface: the gateway has it for something else", "Name the card, bond or VLAN that the segment is on."));
  return problems;
}

function vlans({ left, right }: LayerTwoSpec): Problem[] {
  const problems: Problem[] = [];
  for (const side of sides) {
    const list = { left, right }[side].vlans;
    if (list.length === 0) problems.push(error(`${side}.vlans`, [], "is empty", "Name at least one VLAN, or leave the list out: the frames without a tag are meant then."));
    list.forEach((vlan, index) => {
      const at = `${side}.vlans[${index}]`;
      if (!Number.isInteger(vlan) || vlan < 0 || vlan > 4094) problems.push(error(at, vlan, "is no VLAN: 1 to 4094, or 0 for frames without a tag (802.1Q, 9.6)", "Give a whole number within that range."));
      else if (list.indexOf(vlan) < index) problems.push(error(at, vlan, "is there twice", "Leave one of them out."));
    });
    if (list.includes(0) && list.length > 1) {
      problems.push(error(`${side}.vlans`, list, "names frames without a tag beside VLANs of the same interface, which as a whole is the bridge's then", "Make two extensions, each with an interface of its own."));
    }
  }
  if (left.vlans.length !== right.vlans.length) {
    problems.push(error("right.vlans", right.vlans, `has ${right.vlans.length} where the left end has ${left.vlans.length}: each VLAN is joined with the one in the same place`, "Give as many at both ends."));
  }
  return problems;
}

function amounts(spec: LayerTwoSpec): Problem[] {
  const whole = (path: string, value: number, least: number, most: number, or = "") =>
    Number.isInteger(value) && ((or !== "" && value === 0) || (value >= least && value <= most)) ? [] : [error(path, value, `is not ${or}a whole number from ${least} to ${most}`, "Give one within that range, or leave it out.")];
  return [
    ...whole("vni", spec.vni, 1, mostVni + 1 - Math.max(1, spec.left.vlans.length)),
    ...whole("stormLimit", spec.stormLimit, 10, 100_000),
    ...whole("mostStations", spec.mostStations, 1, 65_535),
    ...whole("homeSeconds", spec.homeSeconds, 10, 3600, "0 or "),
  ];
}

function addresses(spec: LayerTwoSpec): Problem[] {
  const problems: Problem[] = [];
  spec.addresses.forEach((text, index) => {
    const parsed = parseNetwork(text);
    const at = `addresses[${index}]`;
    if (parsed === undefined) problems.push(error(at, text, "is not a network in CIDR notation", "Write e.g. 10.90.0.0/24 or fd90::/64."));
    else if (parsed.hostBits) problems.push(error(at, text, "has bits set behind the prefix", `Write ${parsed.text} if that is what you mean.`));
    else if (spec.addresses.indexOf(text) < index) problems.push(error(at, text, "is there twice", "Leave one of them out."));
  });
  if (spec.addresses.length > 0 && !spec.neighbourGuard) problems.push(error("addresses", spec.addresses, "is looked at by the neighbour guard, which is off", "Leave one of the two out."));
  const known = spec.addresses.filter((text) => parseNetwork(text) !== undefined).map(network);
  spec.localGateways.forEach((text, index) => {
    const parsed = parseAddress(text);
    const at = `localGateways[${index}]`;
    if (parsed === undefined) problems.push(error(at, text, "is no IP address", "Give the address that hosts have as their default gateway."));
    else if (spec.localGateways.indexOf(text) < index) problems.push(error(at, text, "is there twice", "Leave one of them out."));
    else if (known.some(({ family }) => family === parsed.family) && !known.some((one) => contains(one, parsed)) && !/^fe[89ab]/i.test(text)) {
      problems.push(error(at, text, `is in none of the segment's networks: ${spec.addresses.join(", ")}`, "Correct it, or name its network among `addresses`."));
    }
  });
  return problems;
}

/** Whoever fragments carries the interface's whole MTU; what must fit has to be enough for IPv6, which any host may speak. */
function mtu(spec: LayerTwoSpec): Problem[] {
  if (spec.fragment) return [];
  const fits = leastLayerTwoMtu(spec);
  if (fits >= leastMtu) return [];
  const outside = Math.min(spec.connection.left.outsideMtu, spec.connection.right.outsideMtu);
  return [error("over", outside, `${outside} bytes outside leave ${fits} for a packet of the segment, and IPv6 needs ${leastMtu} (RFC 8200, 5)`, "Use a larger MTU outside, or `fragment: true`.")];
}
