import { createHash } from "crypto";
import { contains, overlaps, parseNetwork, type Network } from "../addressing";
import { error, type Problem } from "../validate/problem";
import { allotLinks } from "./bgp";
import { asProblems } from "./validateBgp";
import { serialProblem } from "./validateRevocation";

/** RFC 1918 and RFC 4193: what the sites of a mesh may have, unless it says otherwise. */
export const privateSpace = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"] as const;

/** Two gateways that are joined. */
export interface MeshLink {
  /** Name of the connection. */
  name: string;
  /** Places in the list of gateways; `left` has the name that comes first in the alphabet, whatever their order. */
  left: number;
  right: number;
  /** Its inside network. */
  link: string;
}

/**
 * Who is joined to whom: each to each, or, where there are hubs, each hub to all. A connection's name and ends are decided
 * by the two names alone, and its inside network by the names that stand before it: one more gateway at the end of the list
 * changes none that was there.
 */
export function planMesh(mesh: string, gateways: readonly string[], hubs: readonly string[] = []): MeshLink[] {
  const pairs: Omit<MeshLink, "link">[] = [];
  gateways.forEach((later, second) => {
    gateways.slice(0, second).forEach((earlier, first) => {
      if (!areJoined(earlier, later, hubs)) return;
      const [left, right] = earlier < later ? [first, second] : [second, first];
      pairs.push({ name: connectionName(mesh, gateways[left], gateways[right]), left, right });
    });
  });
  const links = allotLinks(pairs.map(({ name }) => name));
  return pairs.map((pair, index) => ({ ...pair, link: links[index] }));
}

function areJoined(one: string, other: string, hubs: readonly string[]): boolean {
  return hubs.length === 0 || hubs.includes(one) || hubs.includes(other);
}

/** As long as a connection's name may be. */
const longest = 40;

function connectionName(mesh: string, left: string, right: string): string {
  const whole = `${mesh}-${left}-to-${right}`;
  if (whole.length <= longest) return whole;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  return `${whole.slice(0, longest - 9).replace(/-+$/, "")}-${digest}`;
}

const label = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** Words of a mesh that are plain, and so known before anything else is. */
export interface MeshWords {
  hubs?: readonly string[];
  /** Names of gateways whose certificates hold no longer. */
  revoked?: readonly string[];
  authentication?: string;
}

/** What is wrong with the names alone. */
export function namesProblems(mesh: string, gateways: readonly string[], { hubs, revoked = [], authentication }: MeshWords = {}): Problem[] {
  const problems: Problem[] = [];
  const words = "Use 1 to 40 of a-z, 0-9 and -, with no - at either end.";
  if (!label.test(mesh)) problems.push(error("name", mesh, "is no name of a mesh", words));
  gateways.forEach((name, index) => {
    const path = `gateways[${index}].name`;
    if (!label.test(name)) problems.push(error(path, name, "is no name of a gateway", words));
    if (gateways.indexOf(name) < index) problems.push(error(path, name, "is there twice", "Give each gateway of the mesh a name of its own."));
  });
  if (gateways.length < 2) problems.push(error("gateways", gateways, "are too few to be joined", "Name at least two."));
  for (const [path, named] of Object.entries({ hubs: hubs ?? [], revoked })) {
    named.forEach((name, index) => {
      if (!gateways.includes(name)) problems.push(error(`${path}[${index}]`, name, "is no gateway of this mesh", `Use one of ${gateways.join(", ")}.`));
    });
  }
  if (revoked.length > 0 && authentication !== "certificate") {
    problems.push(error("revoked", revoked, "is about certificates, and the gateways prove themselves by pre-shared keys", 'Set authentication "certificate", or take the gateway out of the mesh.'));
  }
  if (hubs !== undefined && hubs.length === 0) problems.push(error("hubs", [], "is empty: nobody would be joined to anybody", "Name one at least, or leave it out for a full mesh."));
  const names = planMesh(mesh, gateways.filter((name, index) => gateways.indexOf(name) === index), hubs).map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) problems.push(error("gateways", undefined, `two connections would both be called ${twice}`, "Give one of the gateways another name."));
  return problems;
}

/** A gateway of a mesh, resolved. */
export interface MeshGateway {
  name: string;
  as: number;
  networks: string[];
  /** Serial numbers of certificates of its own that hold no longer. */
  revokedSerials: string[];
  /** Does it look at the lists of what holds no longer? */
  looksAtLists: boolean;
}

/** What holds for a mesh as a whole, resolved. */
export interface MeshRules extends MeshWords {
  /** What sites may have. */
  networks: readonly string[];
  /** Networks that several gateways have behind them. */
  shared: readonly string[];
  /** Of a family, from one neighbour. */
  mostPrefixes: number;
}

/**
 * As many prefixes of a family as a neighbour in a mesh may announce where nothing else is said. It passes on what it has
 * learned, so that each session may carry the networks of all gateways; and not by their number, or one more would change the
 * connections of all others.
 */
export const meshPrefixes = 1000;

/**
 * What is wrong with the last of these gateways beside those before it: AS numbers used twice, networks that overlap also
 * where the two are not joined, what lies outside of the mesh's space, and who would go on letting in what is revoked.
 */
export function gatewayProblems(gateways: readonly MeshGateway[], space: MeshRules): Problem[] {
  const index = gateways.length - 1;
  const { as, name, networks } = gateways[index];
  const path = `gateways[${index}]`;
  const problems = asProblems(`${path}.as`, as);
  const same = gateways.slice(0, index).find((other) => other.as === as);
  if (same !== undefined) problems.push(error(`${path}.as`, as, `is the AS number of ${same.name}, too`, `Give ${name} another one: each refuses what has its own number on its way (RFC 4271, 9.1.2).`));
  const whole = space.networks.map(parseNetwork).filter((one) => one !== undefined);
  networks.forEach((text, position) => {
    const where = `${path}.networks[${position}]`;
    const own = parseNetwork(text);
    if (own === undefined) return; // its connections say so
    if (!whole.some((one) => within(one, own))) {
      problems.push(error(where, text, `is outside of the mesh's networks: ${space.networks.join(", ")}`, "Name a network that holds it in the mesh's `networks`, or leave it out."));
    }
    for (const other of gateways.slice(0, index)) {
      const clash = other.networks.find((one) => sharesAddresses(own, one) && !(space.shared.includes(text) && one === text));
      if (clash === undefined) continue;
      const remedy = clash === text ? "Give one of the two sites another range; or, if the same network is behind both, name it in `sharedNetworks`." : "Two sites that are joined share no address: give one of them another range.";
      problems.push(error(where, text, `overlaps ${clash} of ${other.name}`, remedy));
    }
  });
  return [...problems, ...amountProblems(gateways, space), ...revocationProblems(gateways, space)];
}

/** With the last of these gateways there are more networks than a session may carry, and each would be shut. */
function amountProblems(gateways: readonly MeshGateway[], { mostPrefixes }: MeshRules): Problem[] {
  const index = gateways.length - 1;
  const count = (among: readonly MeshGateway[], family: 4 | 6) => new Set(among.flatMap(({ networks }) => networks).filter((text) => parseNetwork(text)?.family === family)).size;
  return ([4, 6] as const)
    .filter((family) => count(gateways, family) > mostPrefixes && count(gateways.slice(0, -1), family) <= mostPrefixes)
    .map((family) =>
      error(`gateways[${index}].networks`, `${gateways[index].networks.length} networks`, `makes ${count(gateways, family)} IPv${family} networks of all gateways together, which a neighbour may pass on, and a session that has more than ${mostPrefixes} is shut`, "Raise the mesh's `mostPrefixes`, or sum networks up."),
    );
}

/** Of the last of these gateways: its serial numbers; and, of it and those before it that it is joined to, who would go on letting in what is revoked. */
function revocationProblems(gateways: readonly MeshGateway[], { hubs = [], revoked = [], authentication }: MeshRules): Problem[] {
  const last = gateways[gateways.length - 1];
  const path = `gateways[${gateways.length - 1}].revokedSerials`;
  if (authentication !== "certificate") {
    return last.revokedSerials.length === 0 ? [] : [error(path, last.revokedSerials, "is about certificates, and the gateways prove themselves by pre-shared keys", 'Set authentication "certificate", or leave it out.')];
  }
  const judges = new Set<MeshGateway>();
  for (const other of gateways.slice(0, -1).filter(({ name }) => areJoined(name, last.name, hubs))) {
    // A serial number is on the list of both ends.
    const serials = last.revokedSerials.length + other.revokedSerials.length > 0;
    if (serials || revoked.includes(last.name)) judges.add(other);
    if (serials || revoked.includes(other.name)) judges.add(last);
  }
  const blind = [...judges].filter(({ looksAtLists }) => !looksAtLists);
  return [
    ...last.revokedSerials.flatMap((serial, index) => serialProblem(`${path}[${index}]`, serial)),
    ...blind.map((one) => error(`gateways[${gateways.indexOf(one)}]`, one.name, "looks at no revocation list, so that it would go on letting in what is revoked", "Give the gateway `sites: { enabled: true, bgp: true, revocation: true }`.")),
  ];
}

function within(whole: Network, part: Network): boolean {
  return contains(whole, { family: part.family, value: part.first }) && contains(whole, { family: part.family, value: part.last });
}

function sharesAddresses(own: Network, text: string): boolean {
  const other = parseNetwork(text);
  return other !== undefined && overlaps(own, other);
}
