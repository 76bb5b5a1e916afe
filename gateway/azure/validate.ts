import { network, parseNetwork, type Network } from "../addressing";
import { renderUserData, type UserDataArgs } from "../cloudInit";
import type { GatewaySpec } from "../spec";
import { cloudPlatformProblems, ipv4Alone, peerProblems, poolProblems, sshProblems, userDataProblems, wholeNumber } from "../validate/cloud";
import { error, warning, type Problem } from "../validate/problem";
import { parseRouteTableId, parseSubnetId } from "./ids";
import { parseImage } from "./images";
import { vmSizeFacts } from "./sizes";
import { tagProblems } from "./tags";

/** What Azure adds to a gateway's description; undefined is what a preview does not know yet. */
export interface AzureFacts {
  vmSize?: string;
  image?: string;
  imageChosen: boolean;
  zone?: string;
  peers?: readonly string[];
  l2tpOutsideIpsec?: boolean;
  diskGigabytes?: number;
  tags?: Readonly<Record<string, string>>;
  /** Range of the network that is to be made; undefined where a subnet is given. */
  networkCidr?: string;
  /** The subnet that was given, and all ranges of its virtual network. */
  subnetId?: string;
  networkCidrs?: readonly string[];
  routeTableIds: Readonly<Record<string, string | undefined>>;
  generation: number;
}

/** Everything that is wrong with a gateway on Azure beyond what `validateSpec` says of any. */
export function azureProblems(spec: GatewaySpec, facts: AzureFacts): Problem[] {
  return [
    ...nameProblems(spec),
    ...(facts.vmSize === undefined ? [] : vmSizeProblems(facts.vmSize, facts.imageChosen)),
    ...(facts.image === undefined || parseImage(facts.image) !== undefined
      ? []
      : [error("image", facts.image, "is no image", "Write PUBLISHER:OFFER:SKU:VERSION, e.g. Debian:debian-13:13-gen2:latest, or the id of an image of yours.")]),
    ...zoneProblems("zone", facts.zone),
    ...(spec.outsideMtu > 1500 ? [error("outsideMtu", spec.outsideMtu, "is more than what leaves Azure for the internet", "Leave it out: 1500.")] : []),
    ...peerProblems(facts.peers, facts.l2tpOutsideIpsec),
    ...ipv4Alone("peers", facts.peers),
    ...sshProblems(spec),
    ...ipv4Alone("administrators", spec.administrators),
    ...wholeNumber("diskGigabytes", facts.diskGigabytes, 30, 4095),
    ...wholeNumber("generation", facts.generation, 1, 9_999),
    ...(facts.tags === undefined ? [] : tagProblems(spec.name, facts.tags)),
    ...networkProblems(spec, facts),
    ...routeTableProblems(facts),
    ...cloudPlatformProblems(spec),
    ...userDataProblems(spec, firstBoot),
  ];
}

/** The same of a pair. */
export interface AzurePairFacts extends AzureFacts {
  zoneCount: number;
  zones?: readonly string[];
}

/** Everything that is wrong with a pair on Azure beyond what `validateSpec` says of any. */
export function azurePairProblems(spec: GatewaySpec, facts: AzurePairFacts): Problem[] {
  return [...azureProblems(spec, facts), ...pairZoneProblems(facts)];
}

function pairZoneProblems({ zoneCount, zones }: AzurePairFacts): Problem[] {
  if (zoneCount === 0) return [warning("zones", "none", "leaves both machines to where Azure puts them, which may be one rack", "Name two, where the region has them.")];
  if (zoneCount !== 2) return [error("zones", zoneCount, "is not the number of a pair's zones", "Give two, or an empty list in a region that has none.")];
  if (zones === undefined) return [];
  const malformed = zones.flatMap((zone, index) => zoneProblems(`zones[${index}]`, zone));
  if (malformed.length > 0 || zones[0] !== zones[1]) return malformed;
  return [warning("zones[1]", zones[1], "is the first machine's zone too", "Give another one, or both machines go with this one.")];
}

function zoneProblems(path: string, zone: string | undefined): Problem[] {
  return zone === undefined || /^[1-9]$/.test(zone) ? [] : [error(path, zone, "is no availability zone", "Write its number, e.g. 1, or leave it out.")];
}

/** What cloud-init reads. Azure insists on a user with a key; nobody needs one beside root. */
export function firstBoot(args: UserDataArgs): string {
  return renderUserData({ ...args, rootAlone: true });
}

/** 64 characters for a virtual machine's name; Pulumi adds 8 to ours, and the longest suffix of those has 10. */
const longestName = 64 - 8 - "-1-machine".length;

function nameProblems({ name }: GatewaySpec): Problem[] {
  return name.length > longestName ? [error("name", name, `has ${name.length} characters, and Azure's names leave room for ${longestName}`, "Shorten it.")] : [];
}

/** A size that cannot be a gateway, and one that is not known: without an image its architecture is a guess. */
export function vmSizeProblems(size: string, imageChosen = false): Problem[] {
  const facts = vmSizeFacts(size);
  switch (facts.kind) {
    case "known":
      return [];
    case "malformed":
      return [error("vmSize", size, "is no size of a virtual machine", "Write e.g. Standard_D2ls_v5 or Standard_D2pls_v6.")];
    case "refused":
      return [error("vmSize", size, `cannot carry a gateway: it ${facts.why}`, "Use a current one, e.g. Standard_D2ls_v5 (amd64) or Standard_D2pls_v6 (arm64).")];
    case "unknown":
      return imageChosen
        ? [warning("vmSize", size, "is of a family that the library does not know", "See for yourself that it has AES instructions, and that image is of its architecture; accelerated networking stays off.")]
        : [error("vmSize", size, "is of a family that the library does not know, so that it cannot choose an image", "Use e.g. Standard_D2ls_v5, or give image too.")];
  }
}

function networkProblems(spec: GatewaySpec, { networkCidr, subnetId, networkCidrs }: AzureFacts): Problem[] {
  const problems: Problem[] = [];
  const made = networkCidr === undefined ? undefined : parseNetwork(networkCidr);
  if (networkCidr !== undefined && (made === undefined || made.family !== 4 || made.hostBits || made.prefix < 8 || made.prefix > 29)) {
    problems.push(error("networkCidr", networkCidr, "is not an IPv4 network from /8 to /29", "Write e.g. 10.76.0.0/24."));
  }
  if (subnetId !== undefined && parseSubnetId(subnetId) === undefined) {
    problems.push(error("subnetId", subnetId, "is no id of a subnet", "Write /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…/subnets/…"));
  }
  return [
    ...problems,
    ...poolProblems(spec, [
      ...(made === undefined ? [] : [["networkCidr", made] as [string, Network]]),
      ...(networkCidrs ?? []).map((text): [string, Network] => ["the virtual network's range", network(text)]),
    ]),
  ];
}

function routeTableProblems({ routeTableIds }: AzureFacts): Problem[] {
  return Object.entries(routeTableIds).flatMap(([name, id]) =>
    id === undefined || parseRouteTableId(id) !== undefined ? [] : [error(`routeTableIds.${name}`, id, "is no id of a route table", "Write /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/routeTables/…")],
  );
}
