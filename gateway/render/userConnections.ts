import { network } from "../addressing";
import { renderStrongswanConf, section, setting, type Entry } from "../formats/strongswanConf";
import type { GatewaySpec, Ikev2Spec, UserSpec } from "../spec";
import { nameInSections, ownConnections, plainAddress } from "../users";
import { swanctlIdentity } from "./identity";
import { attributes, ikev2Connection, trafficSelectors } from "./swanctl";

/**
 * How many IKEv2 sessions of one user may have the same fixed address for a moment: a device that comes back before its
 * old SA is known to be dead gets its address nevertheless, and the older SA is ended (`unique = replace`).
 */
const generations = 3;

/** An IKEv2 connection and a pool of one address for each user with a fixed one: swanctl.conf(5). */
export function renderUserConnections(spec: GatewaySpec, ikev2: Ikev2Spec): string {
  const users = ownConnections(spec);
  return renderStrongswanConf(
    [
      section("connections", users.map((user) => connection(spec, ikev2, user))),
      section("pools", users.flatMap((user) => pools(spec, ikev2, user))),
    ],
    `IKEv2 connections of the users of ${spec.name} with a fixed address. Written by pulumi-vpn-gateway.`,
  );
}

/** The gateway as this user is told of it: with name servers of their own, which a split tunnel must lead to. */
export function forUser(spec: GatewaySpec, user: UserSpec): GatewaySpec {
  return user.dns === undefined ? spec : { ...spec, dns: user.dns };
}

/** What a user's IKEv2 tunnel carries: their own routes, or what everybody's does. */
export function ikev2Networks(spec: GatewaySpec, ikev2: Ikev2Spec, user: UserSpec): string[] {
  return user.routes === undefined ? trafficSelectors(forUser(spec, user), ikev2) : user.routes.map((text) => network(text).text);
}

function connection(spec: GatewaySpec, ikev2: Ikev2Spec, user: UserSpec): Entry {
  const everybodys = ikev2.pool6 !== undefined && user.ikev2Address6 === undefined ? ["ikev2-ipv6"] : [];
  return ikev2Connection(spec, ikev2, {
    name: `ikev2-${nameInSections(user.name)}`,
    // After the one that asks, before everybody's.
    from: ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"],
    user: swanctlIdentity(user.name),
    pools: [...addresses(user).flatMap(({ family }) => poolNames(user, family)), ...everybodys],
    unique: setting("unique", "replace", "The address is one: whoever dials last has it."),
    localTrafficSelectors: ikev2Networks(spec, ikev2, user),
  });
}

function addresses(user: UserSpec): { family: 4 | 6; address: string }[] {
  return ([[4, user.ikev2Address], [6, user.ikev2Address6]] as const).flatMap(([family, address]) =>
    address === undefined ? [] : [{ family, address: plainAddress(address) }],
  );
}

function poolNames(user: UserSpec, family: 4 | 6): string[] {
  return Array.from({ length: generations }, (_, index) => `user${family}-${nameInSections(user.name)}-${index + 1}`);
}

function pools(spec: GatewaySpec, ikev2: Ikev2Spec, user: UserSpec): Entry[] {
  const networks = user.routes ?? (spec.tunnel === "split" ? ikev2Networks(spec, ikev2, user) : []);
  return addresses(user).flatMap(({ family, address }) =>
    poolNames(user, family).map((name, index) =>
      section(name, [
        setting("addrs", `${address}/${family === 4 ? 32 : 128}`),
        // charon tells what is written at any pool that has the client's address (vici_attribute.c): once is enough.
        ...(index === 0 ? attributes(family, user.dns ?? spec.dns, networks) : []),
      ]),
    ),
  );
}
