import { acceptedSuites, type Protocol } from "../cipherSuites";
import { unprintable } from "../formats/text";
import { platformOf } from "../platforms";
import { clientKinds, masqueradePolicies, tunnelScopes, type ClientKind, type GatewaySpec } from "../spec";
import { error, type Problem } from "./problem";

/** Whom the gateway serves, by which protocols, and with what policy. */
export function clientProblems(spec: GatewaySpec): Problem[] {
  const problems: Problem[] = [
    ...bgpProblems(spec),
    ...lacProblems(spec),
    ...layerTwoProblems(spec),
    ...siteRevocationProblems(spec),
    ...oneOf("tunnel", spec.tunnel, tunnelScopes),
    ...oneOf("masquerade", spec.masquerade, masqueradePolicies),
    ...spec.clients.flatMap((kind, index) => oneOf(`clients[${index}]`, kind, clientKinds)),
  ];
  if (!spec.l2tp && !spec.ikev2) return [...problems, ...withoutClients(spec)];
  const known = spec.clients.filter((kind) => (clientKinds as readonly string[]).includes(kind));
  if (spec.clients.length === 0) {
    problems.push(error("clients", [], "no kind of client is to be served", `Name at least one of ${clientKinds.join(", ")}.`));
  } else if (known.length > 0) {
    for (const protocol of protocolsOf(spec)) problems.push(...unserved(protocol, known));
  }
  const missing = platformOf(spec.platform)?.l2tpMissing;
  if (spec.l2tp && missing !== undefined) {
    problems.push(error("l2tp", undefined, `cannot be had on ${spec.platform}: ${missing}`, "Use IKEv2, or a platform that has both (debian13, ubuntu2404, el9)."));
  }
  if (spec.tunnel === "split" && spec.insideNetworks.length === 0) {
    problems.push(error("insideNetworks", [], "a split tunnel needs at least one", "Name the networks that clients reach through the tunnel, or use a full tunnel."));
  }
  return [...problems, ...profileProblems(spec)];
}

/** A network's name is up to 32 bytes of anything (IEEE 802.11, 9.4.2.2). */
function profileProblems({ profiles }: GatewaySpec): Problem[] {
  if (profiles === undefined) return [];
  const problems = profiles.trustedWireless.flatMap((name, index) => {
    const path = `profiles.trustedWireless[${index}]`;
    const control = unprintable(name);
    if (control !== undefined) return [error(path, name, `holds the control character ${control}`, "Write the network's name as devices show it.")];
    return name === "" || Buffer.byteLength(name) > 32 ? [error(path, name, "is not the name of a wireless network (1 to 32 bytes)", "Write it as devices show it.")] : [];
  });
  if (!profiles.onDemand && profiles.trustedWireless.length > 0) {
    problems.push(error("profiles.trustedWireless", profiles.trustedWireless, "has no effect where nothing connects on demand", "Set profiles.onDemand, or leave it out."));
  }
  return problems;
}

/** BGP is spoken over site connections, and nowhere else. */
function bgpProblems(spec: GatewaySpec): Problem[] {
  if (!spec.bgp || spec.sites) return [];
  return [error("sites.bgp", true, "there are no site connections to speak BGP over", "Set sites.enabled, too, or leave it out.")];
}

/** A connection to an LNS is followed as a site connection is. */
function lacProblems(spec: GatewaySpec): Problem[] {
  const missing = platformOf(spec.platform)?.l2tpMissing;
  if (spec.lac && missing !== undefined) return [error("sites.lac", true, `cannot be had on ${spec.platform}: ${missing}`, "Leave it out, or use a platform that has both (debian13, ubuntu2404, el9).")];
  if (!spec.lac || spec.sites) return [];
  return [error("sites.lac", true, "has no follower that would dial", "Set sites.enabled, too, or leave it out.")];
}

function siteRevocationProblems(spec: GatewaySpec): Problem[] {
  if (!spec.siteRevocation || spec.sites) return [];
  return [error("sites.revocation", true, "there are no site connections whose certificates could be revoked", "Set sites.enabled, too, or leave it out.")];
}

/** A layer-2 extension goes over a site connection. */
function layerTwoProblems(spec: GatewaySpec): Problem[] {
  if (!spec.layerTwo || spec.sites) return [];
  return [error("sites.layerTwo", true, "there are no site connections that an extension could go over", "Set sites.enabled, too, or leave it out.")];
}

/** A gateway that nobody dials in to: it is there for site connections, or for nothing. */
function withoutClients(spec: GatewaySpec): Problem[] {
  if (spec.sites !== true) {
    return [error("ikev2", undefined, "neither IKEv2 nor L2TP nor site connections are asked for", "Give ikev2 a pool, or l2tp, or both; or turn sites on.")];
  }
  if (spec.users.length === 0) return [];
  return [error("users", undefined, `${spec.users.length} users have no protocol to connect by`, "Turn ikev2 or l2tp on, or leave the users out.")];
}

function unserved(protocol: Protocol, kinds: ClientKind[]): Problem[] {
  if (acceptedSuites(protocol, kinds).length > 0) return [];
  return [error(protocol, undefined, `none of the clients (${kinds.join(", ")}) has it`, `Leave ${protocol} out, or name the clients that use it.`)];
}

function protocolsOf(spec: GatewaySpec): Protocol[] {
  return [...(spec.l2tp ? (["l2tp"] as const) : []), ...(spec.ikev2 ? (["ikev2"] as const) : [])];
}

function oneOf(path: string, value: string, words: readonly string[]): Problem[] {
  return words.includes(value) ? [] : [error(path, value, "is not a word that is known here", `Use one of ${words.join(", ")}.`)];
}
