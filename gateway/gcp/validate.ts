import { network, parseNetwork, type Network } from "../addressing";
import { renderUserData, type UserDataArgs } from "../cloudInit";
import type { GatewaySpec } from "../spec";
import { renderStartupScript } from "../startupScript";
import { cloudPlatformProblems, ipv4Alone, peerProblems, poolProblems, sshProblems, userDataProblems, wholeNumber } from "../validate/cloud";
import { error, warning, type Problem } from "../validate/problem";
import { firstBootKey } from "./images";
import { labelProblems } from "./labels";
import { machineTypeFacts } from "./machineTypes";

/** What Google Cloud adds to a gateway's description; undefined is what a preview does not know yet. */
export interface GcpFacts {
  machineType?: string;
  /** An image that the user chose, e.g. projects/debian-cloud/global/images/debian-13-v20260210. */
  image?: string;
  imageChosen: boolean;
  /** The disk's type, where the user chose one. */
  diskType?: string;
  diskTypeChosen: boolean;
  zone?: string;
  peers?: readonly string[];
  l2tpOutsideIpsec?: boolean;
  diskGigabytes?: number;
  labels?: Readonly<Record<string, string>>;
  /** Range of the network that is to be made; undefined where a subnetwork is given. */
  networkCidr?: string;
  /** Primary and secondary ranges of the subnetwork that was given. */
  subnetworkCidrs?: readonly string[];
  subnetworkRegion?: string;
  generation: number;
}

/** Everything that is wrong with a gateway on Google Cloud beyond what `validateSpec` says of any. */
export function gcpProblems(spec: GatewaySpec, facts: GcpFacts): Problem[] {
  return [
    ...nameProblems(spec),
    ...(facts.machineType === undefined ? [] : machineTypeProblems(facts.machineType, facts.imageChosen && facts.diskTypeChosen)),
    ...imageProblems(facts),
    ...zoneProblems(facts),
    ...mtuProblems(spec, facts),
    ...peerProblems(facts.peers, facts.l2tpOutsideIpsec),
    ...ipv4Alone("peers", facts.peers),
    ...sshProblems(spec),
    ...ipv4Alone("administrators", spec.administrators),
    ...wholeNumber("diskGigabytes", facts.diskGigabytes, 10, 65_536),
    ...wholeNumber("generation", facts.generation, 1, 9_999),
    ...(facts.labels === undefined ? [] : labelProblems(spec.name, facts.labels)),
    ...networkProblems(spec, facts),
    ...cloudPlatformProblems(spec),
    ...userDataProblems(spec, firstBoot),
  ];
}

/** The text of the first boot, in whichever form the platform's images read. */
export function firstBoot(args: UserDataArgs): string {
  return firstBootKey(args.spec.platform) === "startup-script" ? renderStartupScript(args) : renderUserData(args);
}

/** 63 characters for every name (RFC 1035); Pulumi adds 8 to ours, and the longest suffix of ours has 17. */
const longestName = 63 - 8 - "-way-back-service".length;

function nameProblems({ name }: GatewaySpec): Problem[] {
  const problems: Problem[] = [];
  if (!/^[a-z]/.test(name)) problems.push(error("name", name, "does not begin with a letter, as Google Cloud's names must", "Begin it with one."));
  if (name.length > longestName) problems.push(error("name", name, `has ${name.length} characters, and Google Cloud's names leave room for ${longestName}`, "Shorten it."));
  return problems;
}

/** A type that cannot be a gateway, and one that the tables do not know. `chosen`: image and disk are the user's own. */
export function machineTypeProblems(type: string, chosen = false): Problem[] {
  const facts = machineTypeFacts(type);
  switch (facts.kind) {
    case "known":
      return [];
    case "malformed":
      return [error("machineType", type, "is no machine type", "Write series and size, e.g. t2d-standard-1 or c4a-standard-1.")];
    case "refused":
      return [error("machineType", type, `cannot carry a gateway: its series ${facts.why}`, "Use a current one, e.g. t2d-standard-1 (amd64) or c4a-standard-1 (arm64).")];
    case "unknown":
      return chosen
        ? [warning("machineType", type, "is of a series that the library does not know", "See for yourself that it has AES instructions, and that image and diskType suit it.")]
        : [error("machineType", type, "is of a series that the library does not know, so that it cannot choose image and disk", "Use e.g. t2d-standard-1 or c4a-standard-1, or give image and diskType too.")];
  }
}

function imageProblems({ image }: GcpFacts): Problem[] {
  // A family would be another image at another time.
  if (image === undefined || /^(https:\/\/www\.googleapis\.com\/compute\/v1\/)?projects\/[a-z0-9.:-]+\/global\/images\/[a-z]([-a-z0-9]*[a-z0-9])?$/.test(image)) return [];
  return [error("image", image, "is not the full name of one image", "Write projects/PROJECT/global/images/NAME, e.g. projects/debian-cloud/global/images/debian-13-trixie-v20260210.")];
}

function zoneProblems({ zone, subnetworkRegion }: GcpFacts): Problem[] {
  if (zone === undefined) return [];
  if (!/^[a-z]+-[a-z]+\d+-[a-z]$/.test(zone)) return [error("zone", zone, "is no zone", "Write region and letter, e.g. europe-west3-b.")];
  const region = regionOf(zone);
  if (subnetworkRegion === undefined || subnetworkRegion === region) return [];
  return [error("zone", zone, `is in region ${region}, and the subnetwork in ${subnetworkRegion}`, "Give a zone of the subnetwork's region.")];
}

/** The region of a zone: all before the last hyphen. */
export function regionOf(zone: string): string {
  return zone.slice(0, zone.lastIndexOf("-"));
}

function mtuProblems({ outsideMtu }: GatewaySpec, { networkCidr }: GcpFacts): Problem[] {
  // "Maximum transmission unit" (cloud.google.com/vpc/docs/mtu): a network has 1300 to 8896, the internet 1500 at most.
  if (outsideMtu > 1500) {
    return [error("outsideMtu", outsideMtu, "is more than what leaves Google Cloud for the internet, whatever the network's own MTU", "Give the network's MTU, at most 1500; 1460 is the default.")];
  }
  return networkCidr !== undefined && outsideMtu < 1300
    ? [error("outsideMtu", outsideMtu, "is less than a network of Google Cloud can have, and the network that is made gets it", "Give 1300 to 1500; 1460 is the default.")]
    : [];
}

function networkProblems(spec: GatewaySpec, { networkCidr, subnetworkCidrs }: GcpFacts): Problem[] {
  const problems: Problem[] = [];
  const made = networkCidr === undefined ? undefined : parseNetwork(networkCidr);
  if (networkCidr !== undefined && (made === undefined || made.family !== 4 || made.hostBits || made.prefix < 8 || made.prefix > 29)) {
    problems.push(error("networkCidr", networkCidr, "is not an IPv4 network from /8 to /29", "Write e.g. 10.76.0.0/24."));
  }
  return [
    ...problems,
    ...poolProblems(spec, [
      ...(made === undefined ? [] : [["networkCidr", made] as [string, Network]]),
      ...(subnetworkCidrs ?? []).map((text): [string, Network] => ["the subnetwork's range", network(text)]),
    ]),
  ];
}

/** What Google Cloud adds to a pair's description. */
export interface GcpPairFacts extends GcpFacts {
  /** How many zones were given, or undefined where they are chosen. */
  zoneCount?: number;
  /** Those that were given, of which `zone` is the first. */
  zones?: readonly string[];
}

/** Everything that is wrong with a pair on Google Cloud beyond what `validateSpec` says of any. */
export function gcpPairProblems(spec: GatewaySpec, facts: GcpPairFacts): Problem[] {
  return [...gcpProblems(spec, facts), ...pairZoneProblems(facts)];
}

function pairZoneProblems({ zoneCount, zones, subnetworkRegion }: GcpPairFacts): Problem[] {
  if (zoneCount !== undefined && zoneCount !== 2) return [error("zones", zoneCount, "is not the number of a pair's zones", "Give two, or none: then they are chosen.")];
  if (zones === undefined) return [];
  const [first, second] = zones;
  const found = zoneProblems({ zone: second, subnetworkRegion } as GcpFacts).map((problem) => ({ ...problem, path: "zones[1]" }));
  if (found.length > 0) return found;
  if (first === second) return [warning("zones[1]", second, "is the first machine's zone too", "Give another one, or both machines go with this one.")];
  return regionOf(first) === regionOf(second) ? [] : [error("zones[1]", second, `is in another region than the first (${first})`, "Give two of one region: the load balancer is of one.")];
}
