import { network } from "../addressing";
import { subjectOf } from "../certificates/userCertificate";
import { renderStrongswanConf, section, setting, type Entry } from "../formats/strongswanConf";
import type { GatewaySpec, Ikev2Spec, UserSpec } from "../spec";
import { byCertificate, nameInSections, ownConnections, plainAddress } from "../users";
import { swanctlIdentity } from "./identity";
import { attributes, byPassword, ikev2Connection, manyDevices, poolNames, trafficSelectors } from "./swanctl";

/**
 * How many IKEv2 sessions of one user may have the same fixed address for a moment: a device that comes back before its
 * old SA is known to be dead gets its address nevertheless, and the older SA is ended (`unique = replace`).
 */
const generations = 3;

/**
 * An IKEv2 connection for each user with a fixed address or a certificate, and a pool of that one address: swanctl.conf(5).
 * Who is not in the list has no connection, so that a certificate alone lets nobody in.
 */
export function renderUserConnections(spec: GatewaySpec, ikev2: Ikev2Spec): string {
  const users = ownConnections(spec);
  return renderStrongswanConf(
    [
      section("connections", users.flatMap((user) => connections(spec, ikev2, user))),
      section("pools", users.flatMap((user) => pools(spec, ikev2, user))),
    ],
    `IKEv2 connections of the users of ${spec.name} with a fixed address${ikev2.certificates === true ? " or a certificate" : ""}. Written by pulumi-vpn-gateway.`,
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

function connections(spec: GatewaySpec, ikev2: Ikev2Spec, user: UserSpec): Entry[] {
  const name = nameInSections(user.name);
  const identity = swanctlIdentity(user.name);
  const fixed = user.ikev2Address !== undefined;
  const everybodys = ikev2.pool6 !== undefined && user.ikev2Address6 === undefined ? ["ikev2-ipv6"] : [];
  const own = {
    // After the one that asks, before everybody's.
    from: ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"],
    pools: fixed ? [...addresses(user).flatMap(({ family }) => ownPools(user, family)), ...everybodys] : poolNames(ikev2),
    unique: fixed ? setting("unique", "replace", "The address is one: whoever dials last has it.") : manyDevices,
    localTrafficSelectors: ikev2Networks(spec, ikev2, user),
  };
  const variants = byCertificate(user)
    ? [
        { name: `ikev2-${name}`, remote: [setting("auth", "pubkey"), setting("id", identity), ...vouched] },
        { name: `ikev2dn-${name}`, remote: [setting("auth", "pubkey"), setting("id", distinguishedName(user.name), "The certificate's subject, which Windows and some others give."), ...vouched] },
        { name: `ikev2tls-${name}`, remote: [setting("auth", "eap-tls"), setting("id", identity), setting("eap_id", identity), ...vouched] },
      ]
    : [{ name: `ikev2-${name}`, remote: byPassword(identity) }];
  return variants.map((variant) => ikev2Connection(spec, ikev2, { ...own, ...variant }));
}

/** Who a user's certificate must be of, and that it must be known not to be revoked. */
export const vouched = [
  setting("cacerts", "vpn-gateway.pem", "No other authority may vouch for a user."),
  setting("revocation", "strict", "Without a list that is signed and not over nobody comes in."),
];

/** As its bytes: strongSwan would make a string of another type of a name that it reads. */
export function distinguishedName(user: string): string {
  return `asn1dn:#${subjectOf(user).toString("hex")}`;
}

function addresses(user: UserSpec): { family: 4 | 6; address: string }[] {
  return ([[4, user.ikev2Address], [6, user.ikev2Address6]] as const).flatMap(([family, address]) =>
    address === undefined ? [] : [{ family, address: plainAddress(address) }],
  );
}

function ownPools(user: UserSpec, family: 4 | 6): string[] {
  return Array.from({ length: generations }, (_, index) => `user${family}-${nameInSections(user.name)}-${index + 1}`);
}

function pools(spec: GatewaySpec, ikev2: Ikev2Spec, user: UserSpec): Entry[] {
  const networks = user.routes ?? (spec.tunnel === "split" ? ikev2Networks(spec, ikev2, user) : []);
  return addresses(user).flatMap(({ family, address }) =>
    ownPools(user, family).map((name, index) =>
      section(name, [
        setting("addrs", `${address}/${family === 4 ? 32 : 128}`),
        // charon tells what is written at any pool that has the client's address (vici_attribute.c): once is enough.
        ...(index === 0 ? attributes(family, user.dns ?? spec.dns, networks) : []),
      ]),
    ),
  );
}
