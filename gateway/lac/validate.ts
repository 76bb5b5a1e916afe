import { contains, overlaps, parseAddress, parseNetwork, type Network } from "../addressing";
import { unprintable } from "../formats/text";
import { isDnsName } from "../validate/endpoint";
import { error, warning, type Problem } from "../validate/problem";
import { proposalProblem } from "../site/proposals";
import { lacMtu } from "./mtu";
import { lacPorts } from "./names";
import type { LacConnectionSpec, LacSecrets } from "./spec";

const label = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** xl2tpd's STRLEN, less the closing NUL. */
const longestHost = 79;
/** pppd's MAXNAMELEN and MAXSECRETLEN, less the closing NUL. */
const longestWord = 255;

/** Everything that is wrong with a connection, all at once, before the gateway is touched. Never a secret in it. */
export function validateLac(spec: LacConnectionSpec, secrets: Partial<LacSecrets> = {}): Problem[] {
  return [...words(spec), ...server(spec), ...networks(spec), ...offers(spec), ...secretProblems(secrets)];
}

function words(spec: LacConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  if (!label.test(spec.name)) problems.push(error("name", spec.name, "is no name of a connection", "Use 1 to 40 of a-z, 0-9 and -, with no - at either end."));
  if (!spec.gateway.room) problems.push(error("gateway", spec.gateway.name, "makes no room for connections to an LNS", "Give the gateway `sites: { enabled: true, lac: true }`."));
  if (!Number.isInteger(spec.port) || spec.port < lacPorts.first || spec.port > 65_535 || spec.port === 4500) {
    problems.push(error("port", spec.port, "is no port that a connection can dial from", `Use one from ${lacPorts.first} to 65535 that nothing else on the gateway has, or leave it out.`));
  }
  if (!Number.isInteger(spec.redial) || spec.redial < 1 || spec.redial > 3600) problems.push(error("redial", spec.redial, "is not a whole number from 1 to 3600", "Give seconds within that range."));
  if (spec.user === "") problems.push(error("user", spec.user, "is empty", "Give the name of the account at the LNS."));
  else if (unprintable(spec.user) !== undefined) problems.push(error("user", spec.user, `holds the character ${unprintable(spec.user)}`, "Use printable characters on one line."));
  else if (Buffer.byteLength(spec.user) > longestWord) problems.push(error("user", spec.user, `has more than ${longestWord} bytes, and pppd cuts them off`, "Use a shorter name."));
  return problems;
}

function server(spec: LacConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  const { lns, identity, gateway } = spec;
  const family = parseAddress(lns)?.family;
  if (family === 6) problems.push(error("lns", lns, "is an IPv6 address, and xl2tpd dials by IPv4 alone", "Give its IPv4 address or a DNS name."));
  else if (family === undefined && !isDnsName(lns)) problems.push(error("lns", lns, "is neither an IPv4 address nor a DNS name", "Give what the gateway dials."));
  else if (lns.length > longestHost) problems.push(error("lns", lns, `has more than ${longestHost} characters, and xl2tpd cuts them off`, "Give its address."));
  else if (lns === gateway.endpoint) problems.push(error("lns", lns, "is the gateway itself", "Give another's address."));
  if (!/^[A-Za-z0-9.:@_-]{1,255}$/.test(identity)) {
    problems.push(error("identity", identity, "is neither an IP address nor a name of letters, digits, dots and hyphens", "Give the IKE identity of the LNS, or leave it out where that is what is dialled."));
  }
  return problems;
}

interface Placed {
  path: string;
  text: string;
  network: Network;
}

function listed(path: string, texts: readonly string[]): { problems: Problem[]; good: Placed[] } {
  const problems: Problem[] = [];
  const good: Placed[] = [];
  if (texts.length === 0) problems.push(error(path, [], "is empty", "Name at least one network."));
  texts.forEach((text, index) => {
    const at = `${path}[${index}]`;
    const parsed = parseNetwork(text);
    if (parsed === undefined) problems.push(error(at, text, "is not a network in CIDR notation", "Write e.g. 10.20.0.0/16."));
    else if (parsed.family === 6) problems.push(error(at, text, "is IPv6, which the session does not carry", "Name IPv4 networks."));
    else if (parsed.prefix === 0) problems.push(error(at, text, "is every address there is: the packets of the session itself would go into it", "Name the networks themselves."));
    else if (parsed.hostBits) problems.push(error(at, text, "has bits set behind the prefix", `Write ${parsed.text} if that is what you mean.`));
    else if (texts.indexOf(text) < index) problems.push(error(at, text, "is there twice", "Leave one of them out."));
    else good.push({ path: at, text, network: parsed });
  });
  return { problems, good };
}

function networks(spec: LacConnectionSpec): Problem[] {
  const [far, near] = [listed("networks", spec.networks), listed("near", spec.near)];
  const problems = [...far.problems, ...near.problems];
  for (const one of far.good) {
    for (const other of near.good) {
      if (overlaps(one.network, other.network)) problems.push(error(one.path, one.text, `overlaps ${other.path} (${other.text})`, "Networks on both sides of a connection share no address."));
    }
    for (const text of spec.gateway.pools) {
      const pool = parseNetwork(text);
      if (pool !== undefined && overlaps(one.network, pool)) problems.push(error(one.path, one.text, `overlaps the gateway's pool ${text}`, "Clients of the gateway have these addresses: use other ranges."));
    }
    for (const [what, text] of [["the LNS", spec.lns], ["the gateway", spec.gateway.endpoint]] as const) {
      const address = parseAddress(text);
      if (address !== undefined && contains(one.network, address)) {
        problems.push(error(one.path, one.text, `holds the address of ${what}, ${text}: the packets of the session itself would go into it`, "Name networks without it."));
      }
    }
  }
  return problems;
}

function offers(spec: LacConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  for (const phase of ["ike", "esp"] as const) {
    const list = spec.proposals[phase];
    if (list.length === 0) problems.push(error(`proposals.${phase}`, [], "is empty", "Name at least one proposal, or leave the list out."));
    list.forEach((text, index) => {
      const wrong = proposalProblem(text, phase) ?? ofIkev1(text, phase);
      if (wrong !== undefined) problems.push(error(`proposals.${phase}[${index}]`, text, wrong, "See docs/lac.md for what can be used."));
    });
  }
  const { outsideMtu } = spec.gateway;
  if (problems.length > 0 || !Number.isInteger(outsideMtu)) return problems;
  const fits = lacMtu(spec);
  if (spec.mtu !== undefined && (!Number.isInteger(spec.mtu) || spec.mtu < 576 || spec.mtu > fits)) {
    problems.push(error("mtu", spec.mtu, `is not a whole number from 576 to ${fits}, which is what fits ${outsideMtu} bytes outside`, "Leave it out, or give bytes within that range."));
  }
  return problems;
}

/** What IKEv2 has and IKEv1 has not. */
function ofIkev1(text: string, phase: "ike" | "esp"): string | undefined {
  const words = text.split("-");
  if (phase === "ike" && words.some((word) => word.includes("gcm"))) return "holds AES-GCM, which IKEv1 itself cannot use (RFC 5282)";
  if (words.some((word) => word.startsWith("ke1_"))) return "holds a second key exchange, which IKEv1 does not know";
  return undefined;
}

function secretProblems(secrets: Partial<LacSecrets>): Problem[] {
  const problems: Problem[] = [];
  for (const path of ["preSharedKey", "password"] as const) {
    const text = secrets[path];
    if (text === undefined) continue;
    const control = unprintable(text);
    if (text === "") problems.push(error(path, undefined, "is empty", "Give what the owner of the LNS has told you."));
    else if (control !== undefined) problems.push(error(path, undefined, `holds the control character ${control}`, "Use printable characters on one line."));
    else if (Buffer.byteLength(text) > longestWord) problems.push(error(path, undefined, `has more than ${longestWord} bytes`, "Use a shorter one."));
  }
  const { preSharedKey } = secrets;
  if (preSharedKey !== undefined && preSharedKey !== "" && preSharedKey.length < 20) {
    problems.push(warning("preSharedKey", undefined, `has ${preSharedKey.length} characters, and whoever records one negotiation can try all short ones`, "Ask the owner of the LNS for 20 or more."));
  }
  return problems;
}
