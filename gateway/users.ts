import { createHash } from "crypto";
import { formatAddress, parseAddress } from "./addressing";
import { answersGrant, asksRadius } from "./radius";
import { hasRates } from "./rates";
import type { GatewaySpec, ProtocolName, UserSpec } from "./spec";

/** ISO 8601 with its zone, as milliseconds of Unix time; undefined for anything else (also 31 February). */
export function moment(text: string): number | undefined {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((digits) => Number(digits ?? 0));
  const inMonth = month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (!inMonth || hour > 23 || minute > 59 || second > 59) return undefined;
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** May this user come in by that protocol, as far as the list says? Nothing of suspended and of time. */
export function speaks(user: UserSpec, protocol: ProtocolName): boolean {
  return user.protocols?.includes(protocol) !== false;
}

/** An address in its one normal form. */
export function plainAddress(text: string): string {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${JSON.stringify(text)} is no address`);
  return formatAddress(parsed);
}

/** Does the user prove themselves by a certificate, where they come by IKEv2? */
export function byCertificate(user: UserSpec): boolean {
  return user.authentication === "certificate" && speaks(user, "ikev2");
}

/**
 * Users who have an IKEv2 connection of their own: for their certificate, or for their fixed address, unless RADIUS gives
 * that with its answer. Whose certificate is revoked has none.
 */
export function ownConnections(spec: Pick<GatewaySpec, "users" | "l2tp" | "ikev2" | "radius">): UserSpec[] {
  const { fixedPool, certificates } = spec.ikev2 ?? {};
  const framed = asksRadius(spec, "ikev2");
  return spec.users.filter((user) =>
    byCertificate(user) ? certificates === true && user.revoked !== true : !framed && fixedPool !== undefined && user.ikev2Address !== undefined && speaks(user, "ikev2"),
  );
}

/** Is the IPsec under the user's L2TP proved by their certificate, and not by the pre-shared key? */
export function l2tpByCertificate({ l2tp }: Pick<GatewaySpec, "l2tp">, user: UserSpec): boolean {
  return l2tp?.certificates === true && user.authentication === "certificate" && speaks(user, "l2tp");
}

/** Users who have L2TP connections of their own: for their certificate. Whose certificate is revoked has none. */
export function ownL2tpConnections(spec: Pick<GatewaySpec, "users" | "l2tp">): UserSpec[] {
  return spec.users.filter((user) => l2tpByCertificate(spec, user) && user.revoked !== true);
}

/** Is there a table of policies, which lets through only what is of a known session? */
export function hasPolicies(spec: Pick<GatewaySpec, "users" | "groups" | "accounting" | "radius">): boolean {
  return spec.accounting === true || answersGrant(spec) || (spec.groups ?? []).length > 0 || spec.users.some(isRestricted);
}

/** May the user reach less than what the gateway lets clients reach? */
export function isRestricted({ groups, reach }: UserSpec): boolean {
  return groups !== undefined || reach !== undefined;
}

/** The chain with a user's policy: a name for nft that follows the user's, whatever that holds and whoever comes or goes. */
export function chainOf(user: string): string {
  return `user_${createHash("sha256").update(user).digest("hex").slice(0, 16)}`;
}

/**
 * Must somebody on the gateway keep an eye on its sessions? An end of validity comes by itself, of two L2TP sessions with
 * one fixed address the older has to go, whoever comes gets the policy and the rate that are theirs, RADIUS servers may
 * let in whom the list does not, or want somebody out, metrics are to be written, and no program but the keeper knows both whose certificate an L2TP
 * session's IPsec was proved by and whose password its PPP was given.
 */
export function needsKeeper(spec: Pick<GatewaySpec, "users" | "groups" | "accounting" | "metrics" | "uplink" | "radius" | "l2tp">): boolean {
  const watched = (user: UserSpec) => user.validUntil !== undefined || user.l2tpAddress !== undefined || l2tpByCertificate(spec, user);
  return spec.metrics === true || hasPolicies(spec) || hasRates(spec) || spec.radius !== undefined || spec.users.some(watched);
}

/** A user's name as part of a section's name: letters, digits and `-` as they are, every other byte as `_` and two digits. */
export function nameInSections(user: string): string {
  return [...Buffer.from(user, "utf8")]
    .map((byte) => (/[A-Za-z0-9-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `_${byte.toString(16).padStart(2, "0")}`))
    .join("");
}
