import { overlaps, parseNetwork, type Network } from "../addressing";
import { opensSshToWorld } from "../checks";
import { userDataLimit, type UserDataArgs } from "../cloudInit";
import { platformOf } from "../platforms";
import { platformNames, type GatewaySpec } from "../spec";
import { error, warning, type Problem } from "./problem";

/** What every cloud says of a description. */

/** Who may connect. */
export function peerProblems(peers: readonly string[] | undefined, l2tpOutsideIpsec: boolean | undefined): Problem[] {
  const problems: Problem[] = [];
  if (peers !== undefined && peers.length === 0) {
    problems.push(error("peers", [], "lets nobody reach the gateway", "Name the ranges that clients come from, or leave it out: then anywhere."));
  }
  peers?.forEach((range, index) => {
    if (parseNetwork(range) === undefined) problems.push(error(`peers[${index}]`, range, "is not a network in CIDR notation", "Write e.g. 198.51.100.0/24."));
  });
  if (l2tpOutsideIpsec === true) {
    problems.push(warning("openL2tpOutsideIpsec", true, "opens UDP 1701, and only the gateway's own firewall keeps L2TP without encryption out", "Leave it out: L2TP within IPsec needs no such rule."));
  }
  return problems;
}

/** Ranges of a family that the cloud's rules for this gateway cannot name, since its public address is of the other. */
export function ipv4Alone(path: string, ranges: readonly string[] | undefined): Problem[] {
  return (ranges ?? []).flatMap((range, index) =>
    parseNetwork(range)?.family === 6 ? [error(`${path}[${index}]`, range, "is IPv6, and the gateway has no public IPv6 address here", "Name IPv4 ranges.")] : [],
  );
}

/** SSH from anywhere: elsewhere a warning, refused where there is a cloud's firewall to be had. */
export function worldProblems(spec: GatewaySpec): Problem[] {
  return spec.administrators.flatMap((range, index) =>
    opensSshToWorld([range]) ? [error(`administrators[${index}]`, range, "opens SSH to the world", "Name the ranges that you administer from.")] : [],
  );
}

/** SSH is the only way in. */
export function sshProblems(spec: GatewaySpec): Problem[] {
  if (spec.administrators.length > 0) return worldProblems(spec);
  return [error("administrators", [], "lets nobody in by SSH, which is how the gateway is configured", "Name the range that `pulumi up` runs in.")];
}

/** Pools that overlap the network that the gateway stands in. */
export function poolProblems(spec: GatewaySpec, ranges: readonly [what: string, range: Network][]): Problem[] {
  const pools: [string, string | undefined][] = [["l2tp.pool", spec.l2tp?.pool], ["ikev2.pool", spec.ikev2?.pool], ["ikev2.pool6", spec.ikev2?.pool6]];
  return pools.flatMap(([path, text]) => {
    const pool = text === undefined ? undefined : parseNetwork(text);
    if (pool === undefined) return [];
    return ranges.filter(([, range]) => overlaps(pool, range)).map(([what, range]) => error(path, text, `overlaps ${what} (${range.text})`, "Use ranges that share no address."));
  });
}

/** No cloud's gateway chooses an image of it, and none was tried. */
export function cloudPlatformProblems(spec: GatewaySpec): Problem[] {
  if (platformOf(spec.platform)?.inClouds !== false) return [];
  return [error("platform", spec.platform, "is for an existing host alone: no image of it is chosen here, and no first boot of it is written", `Use one of ${platformNames.filter((name) => platformOf(name)?.inClouds).join(", ")}, or an SshGateway on a machine of yours.`)];
}

/** Rendered with keys as long as real ones, so that a preview knows the size before anything is minted. */
export function userDataProblems(spec: GatewaySpec, render: (args: UserDataArgs) => string): Problem[] {
  if (platformOf(spec.platform)?.inClouds !== true || spec.administrators.some((range) => parseNetwork(range) === undefined)) return [];
  const key = `ssh-ed25519 ${"A".repeat(68)}`;
  try {
    render({ spec, hostKey: { privateKey: "A".repeat(400), publicKey: key }, authorizedKeys: [key], loginWhenReady: true });
    return [];
  } catch (problem) {
    return [error("administrators", undefined, (problem as Error).message, `Give fewer or larger ranges: the first boot's firewall must fit into ${userDataLimit} bytes with all else.`)];
  }
}

export function wholeNumber(path: string, value: number | undefined, least: number, most: number): Problem[] {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return [];
  return [error(path, value, `is not a whole number from ${least} to ${most}`, "Give one within that range.")];
}
