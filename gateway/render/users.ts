import { refuseUnprintable } from "../formats/text";
import { admitsOthers, answersGrant, asksRadius, onGateway } from "../radius";
import { protocolNames, type GatewaySpec, type UserSpec } from "../spec";
import { kilobits, rateOf } from "../rates";
import { filterName } from "./policies";
import { chainOf, isRestricted, l2tpByCertificate, moment, plainAddress } from "../users";

/**
 * Who may connect, a user a line in JSON, so that a preview shows who comes and goes and what changes for whom, and the
 * gateway's own command can cut off those who are gone or whose time is over. A user of whom nothing but the name is
 * said is a string. The last line says by which protocols whoever else RADIUS servers of the user's own, or their directory, let in may be connected,
 * `own` where it is the gateway's own server that asks the directory, and where answers grant something, what each Filter-Id means.
 */
export function renderUsers(spec: Pick<GatewaySpec, "users" | "groups" | "l2tp" | "ikev2" | "radius">): string {
  const radius = !admitsOthers(spec) ? [] : protocolNames.filter((protocol) => asksRadius(spec, protocol));
  const others = radius.length > 0 ? [`${JSON.stringify({ radius, ...(onGateway(spec) ? { own: true } : {}), ...(answersGrant(spec) ? { filters: filters(spec) } : {}) })}\n`] : [];
  return [...spec.users.map((user) => `${JSON.stringify(described(spec, user))}\n`), ...others].join("") || "\n";
}

function filters({ groups = [] }: Pick<GatewaySpec, "groups">): Record<string, unknown> {
  return Object.fromEntries(groups.map(({ name, rate }) => [name, { policy: filterName(name), ...(rate === undefined ? {} : { rate: kilobits(rate) }) }]));
}

function described(spec: Pick<GatewaySpec, "groups" | "l2tp">, user: UserSpec): string | Record<string, unknown> {
  const name = refuseUnprintable("users", user.name);
  const { suspended, authentication, oneTimeCode, revoked, validUntil, protocols, l2tpAddress, ikev2Address, ikev2Address6 } = user;
  const rate = rateOf(spec, user);
  const more = {
    ...(suspended === true ? { suspended } : {}),
    ...(authentication === "certificate" ? { authentication } : {}),
    ...(l2tpByCertificate(spec, user) ? { l2tpCertificate: true } : {}),
    ...(oneTimeCode === true ? { oneTimeCode } : {}),
    ...(revoked === true ? { revoked } : {}),
    ...(validUntil === undefined ? {} : { validUntil: utc(validUntil) }),
    ...(protocols === undefined ? {} : { protocols }),
    ...(l2tpAddress === undefined ? {} : { l2tpAddress: plainAddress(l2tpAddress) }),
    ...(ikev2Address === undefined ? {} : { ikev2Address: plainAddress(ikev2Address) }),
    ...(isRestricted(user) ? { policy: chainOf(user.name) } : {}),
    ...(rate === undefined ? {} : { rate: kilobits(rate) }),
    ...(ikev2Address6 === undefined ? {} : { ikev2Address6: plainAddress(ikev2Address6) }),
  };
  return Object.keys(more).length === 0 ? name : { name, ...more };
}

/** The gateway reads one form alone: whole seconds of UTC. */
function utc(text: string): string {
  const parsed = moment(text);
  if (parsed === undefined) throw new Error(`users: ${JSON.stringify(text)} is no moment`);
  return `${new Date(parsed).toISOString().slice(0, 19)}Z`;
}
