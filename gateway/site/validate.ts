import { contains, network, overlaps, parseAddress, parseNetwork, type Network } from "../addressing";
import { unprintable } from "../formats/text";
import { isDnsName } from "../validate/endpoint";
import { error, warning, type Problem } from "../validate/problem";
import { leastSiteMtu } from "./mtu";
import { ikev1Problems } from "./validateIkev1";
import { pairEndProblems } from "./validatePair";
import { bgpProblems, layerTwoRoomProblems } from "./validateBgp";
import { revocationProblems } from "./validateRevocation";
import { commonSuite, firstSuite, parseProposal, proposalProblem } from "./proposals";
import { siteAuthentications, siteModes, type Side, type SiteConnectionSpec, type SiteEndSpec, type SiteSecrets } from "./spec";

const label = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** Everything that is wrong with a connection, all at once, before either end is touched. Never a secret in it. */
export function validateSite(spec: SiteConnectionSpec, secrets: SiteSecrets = {}): Problem[] {
  return [
    ...words(spec),
    ...ends(spec),
    ...endpoints(spec),
    ...pairEndProblems(spec),
    ...networksOfBoth(spec),
    ...proposals(spec),
    ...ikev1Problems(spec),
    ...bgpProblems(spec),
    ...layerTwoRoomProblems(spec),
    ...keyProblems(spec, secrets),
    ...revocationProblems(spec),
  ];
}

function words(spec: SiteConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  if (!label.test(spec.name)) {
    problems.push(error("name", spec.name, "is no name of a connection", "Use 1 to 40 of a-z, 0-9 and -, with no - at either end."));
  }
  if (!siteModes.includes(spec.mode)) problems.push(error("mode", spec.mode, "is no mode", `Use one of ${siteModes.join(", ")}.`));
  if (!siteAuthentications.includes(spec.authentication)) {
    problems.push(error("authentication", spec.authentication, "is no way to prove an identity", `Use one of ${siteAuthentications.join(", ")}.`));
  }
  if (spec.version !== 1 && spec.version !== 2) problems.push(error("version", spec.version, "is no version of IKE", "Use 2, or 1 for a device that has nothing else."));
  if (spec.mode === "policy" && spec.anySelectors) {
    problems.push(error("mode", spec.mode, "would send every packet of the gateway into the tunnel, since the profile agrees on all traffic", "Use mode `route`, or a profile that agrees on the networks."));
  }
  for (const key of ["ikeLifetime", "childLifetime"] as const) {
    const value = spec[key];
    if (!Number.isInteger(value) || value < 60 || value > 86_400) problems.push(error(key, value, "is not a whole number from 60 to 86400", "Give seconds within that range."));
  }
  return problems;
}

/** A gateway that others know ways through may have no network of its own, and so may two that have one segment between them. */
function ends(spec: SiteConnectionSpec): Problem[] {
  const mayBeEmpty = (spec.bgp?.transit.length ?? 0) > 0 || spec.layerTwo !== undefined;
  return [...endProblems("left", spec.left, mayBeEmpty), ...endProblems("right", spec.right, mayBeEmpty)];
}

function endProblems(side: Side, end: SiteEndSpec, mayBeEmpty = false): Problem[] {
  const problems: Problem[] = [];
  const { endpoint } = end;
  if (end.kind === "closedGateway") {
    problems.push(error(side, end.name, "makes no room for site connections", "Give the gateway `sites: { enabled: true }`."));
  }
  if (endpoint !== undefined && parseAddress(endpoint) === undefined && !isDnsName(endpoint)) {
    problems.push(error(`${side}.endpoint`, endpoint, "is neither an IP address nor a DNS name", "Give what the other end dials, or leave it out where it changes: this end dials then."));
  }
  const wrong = identityProblem(end.identity);
  if (wrong !== undefined) problems.push(error(`${side}.identity`, end.identity, wrong, "Use an IP address, or a name of letters, digits, dots and hyphens."));
  if (!Number.isInteger(end.outsideMtu) || end.outsideMtu < 1280 || end.outsideMtu > 9216) {
    problems.push(error(`${side}.outsideMtu`, end.outsideMtu, "is not a whole number from 1280 to 9216", "Give bytes within that range."));
  }
  if (end.networks.length === 0 && !mayBeEmpty) problems.push(error(`${side}.networks`, [], "no network is behind it", "Name at least one: for a gateway its insideNetworks."));
  end.networks.forEach((text, index) => problems.push(...networkProblems(`${side}.networks[${index}]`, text, end.networks.indexOf(text) < index)));
  return problems;
}

function identityProblem(identity: string): string | undefined {
  if (typeof identity !== "string" || identity === "") return "is empty";
  if (unprintable(identity) !== undefined || !/^[A-Za-z0-9.:@_-]{1,255}$/.test(identity)) return "holds a character that IKE daemons read in different ways";
  return undefined;
}

function networkProblems(path: string, text: string, twice: boolean): Problem[] {
  const parsed = parseNetwork(text);
  if (parsed === undefined) return [error(path, text, "is not a network in CIDR notation", "Write e.g. 10.20.0.0/16 or fd20::/64.")];
  if (parsed.prefix === 0) return [error(path, text, "is every address there is: the tunnel's own packets would go into the tunnel", "Name the networks themselves.")];
  return [
    ...(parsed.hostBits ? [error(path, text, "has bits set behind the prefix", `Write ${parsed.text} if that is what you mean.`)] : []),
    ...(twice ? [error(path, text, "is there twice", "Leave one of them out.")] : []),
  ];
}

function endpoints({ left, right }: SiteConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  if (left.endpoint === undefined && right.endpoint === undefined) {
    problems.push(error("right.endpoint", undefined, "neither end has an address or name to be dialled", "Give at least one of the two."));
  } else if (left.endpoint === right.endpoint) {
    problems.push(error("right.endpoint", right.endpoint, "is the left end's, too", "A connection has two ends."));
  }
  if (left.identity === right.identity) {
    problems.push(error("right.identity", right.identity, "is the left end's, too", "Give each end an identity of its own."));
  }
  const families = [left, right].map(({ endpoint }) => (endpoint === undefined ? undefined : parseAddress(endpoint)?.family));
  if (families[0] !== undefined && families[1] !== undefined && families[0] !== families[1]) {
    problems.push(error("right.endpoint", right.endpoint, `is IPv${families[1]}, and the left end's is IPv${families[0]}`, "Give addresses of one family, or DNS names."));
  }
  for (const [side, { endpoint, networks }] of [["left", left], ["right", right]] as const) {
    const address = endpoint === undefined ? undefined : parseAddress(endpoint);
    const holding = address && networks.find((text) => contains(parseNetwork(text) ?? network("::/128"), address));
    if (holding !== undefined) {
      problems.push(error(`${side}.endpoint`, endpoint, `is within the network behind it, ${holding}: the tunnel's own packets would go into the tunnel`, "Name networks without it."));
    }
  }
  return problems;
}

interface Placed {
  path: string;
  text: string;
  network: Network;
}

function placed(path: string, texts: readonly string[]): Placed[] {
  return texts.flatMap((text, index) => {
    const parsed = parseNetwork(text);
    return parsed === undefined ? [] : [{ path: `${path}[${index}]`, text, network: parsed }];
  });
}

function networksOfBoth(spec: SiteConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  const [left, right] = [placed("left.networks", spec.left.networks), placed("right.networks", spec.right.networks)];
  const clash = (one: Placed, other: Placed, remedy: string) =>
    overlaps(one.network, other.network) ? [error(one.path, one.text, `overlaps ${other.path} (${other.text})`, remedy)] : [];
  const rename = "Two sites that are joined share no address: give one of them another range.";
  for (const one of left) for (const other of right) problems.push(...clash(other, one, rename));
  // A gateway's clients are behind it as much as its networks are: the far networks must leave their addresses alone.
  const clients = "Clients of that gateway have these addresses: use other ranges.";
  for (const one of right) for (const pool of placed("left.pools", spec.left.pools)) problems.push(...clash(one, pool, clients));
  for (const one of left) for (const pool of placed("right.pools", spec.right.pools)) problems.push(...clash(one, pool, clients));
  for (const family of [4, 6] as const) {
    const [here, there] = [left, right].map((all) => all.some((one) => one.network.family === family));
    if (here !== there) {
      const where = here ? "left" : "right";
      problems.push(warning(`${where}.networks`, undefined, `IPv${family} is behind the ${where} end alone, and reaches nobody`, `Name IPv${family} networks at both ends, or at none.`));
    }
  }
  return problems;
}

function proposals(spec: SiteConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  for (const phase of ["ike", "esp"] as const) {
    for (const side of ["left", "right"] as const) {
      const list = spec[side].proposals[phase];
      if (list.length === 0) problems.push(error(`${side}.proposals.${phase}`, [], "is empty", "Name at least one proposal."));
      list.forEach((text, index) => {
        const wrong = proposalProblem(text, phase);
        if (wrong !== undefined) problems.push(error(`${side}.proposals.${phase}[${index}]`, text, wrong, "See docs/sites.md for what can be used."));
        else if (spec[side].kind !== "device" && parseProposal(text).second.length > 0) problems.push(noMlKem(`${side}.proposals.${phase}[${index}]`, text));
      });
    }
  }
  if (problems.length > 0) return problems;
  for (const phase of ["ike", "esp"] as const) {
    const [left, right] = [spec.left.proposals[phase], spec.right.proposals[phase]];
    if (commonSuite(left, right, phase) !== undefined) continue;
    problems.push(
      error(
        `right.proposals.${phase}`,
        undefined,
        `the two ends have no ${phase.toUpperCase()} proposal in common: ${spec.left.name} has ${left.join(", ")}; ${spec.right.name} has ${right.join(", ")}`,
        // A gateway of ours can be told anything that is a known keyword, a device what its profile says.
        `Both could use ${firstSuite(spec.left.kind === "device" ? left : right)}: add it to ${spec.left.kind === "device" ? spec.right.name : spec.left.name}'s list.`,
      ),
    );
  }
  const six = [...spec.left.networks, ...spec.right.networks].some((text) => parseNetwork(text)?.family === 6);
  if (problems.length === 0 && six) {
    const least = leastSiteMtu(spec);
    if (least < 1280) {
      problems.push(error("left.outsideMtu", Math.min(spec.left.outsideMtu, spec.right.outsideMtu), `leaves ${least} bytes within the tunnel, and IPv6 needs 1280 (RFC 8200, 5)`, "Use a larger MTU outside, or no IPv6 networks."));
    }
  }
  return problems;
}

/**
 * ML-KEM comes with strongSwan's `ml` plugin (6.0.0), which Debian does not build, or with OpenSSL 3.5 from strongSwan 6.0.2 on.
 * Debian 13 has 6.0.1-6+deb13u7: no `libstrongswan-ml.so` in any of its packages, no ML_KEM in `swanctl --list-algs` (seen on a
 * gateway of the lab); Ubuntu 24.04 has 5.9.13. Made without it a hybrid would be a tunnel that never stands.
 */
function noMlKem(path: string, text: string): Problem {
  return error(path, text, "wants ML-KEM, which no gateway's strongSwan has: Debian 13's 6.0.1 and Ubuntu 24.04's 5.9.13 come without", "Use the profile modern until the distribution has strongSwan 6.0.2 or later.");
}

function keyProblems(spec: SiteConnectionSpec, { preSharedKey }: SiteSecrets): Problem[] {
  if (preSharedKey === undefined) return [];
  const path = "preSharedKey";
  if (spec.authentication !== "psk") return [error(path, undefined, "is given, and the ends prove themselves by certificates", "Leave one of the two out.")];
  if (preSharedKey === "") return [error(path, undefined, "is empty", "Leave it out to have one made.")];
  const control = unprintable(preSharedKey);
  if (control !== undefined) return [error(path, undefined, `holds the control character ${control}`, "Use printable characters on one line.")];
  if (/[^\x20-\x7e]|["\\]/.test(preSharedKey)) return [error(path, undefined, "holds a quote, a backslash or what is not ASCII, which devices read in different ways", "Use letters and digits.")];
  if (preSharedKey.length < 20) {
    return [warning(path, undefined, `has ${preSharedKey.length} characters, and whoever records one negotiation can try all short ones`, "Use 20 or more.")];
  }
  return [];
}
