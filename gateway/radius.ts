import type { DirectorySpec, GatewaySpec, ProtocolName, RadiusServerSpec, RadiusSpec, UserSpec } from "./spec";
import { byCertificate, speaks } from "./users";

/** RFC 2865, 3 and RFC 2866, 3. */
export const radiusPorts = { authentication: 1812, accounting: 1813 } as const;

/** How often a server is asked before it counts as silent, each time for `timeout` seconds. */
export const radiusTries = 3;
export const defaultRadiusTimeout = 2;

/** pppd's radius plugin has room for so many (radiusclient.h, SERVER_MAX), and does not look whether there are more. */
export const mostRadiusServers = 8;

/** Where the gateway's own FreeRADIUS is asked, and nowhere else. */
export const ownServer: RadiusServerSpec = { host: "127.0.0.1" };

/** Days for which its books keep a session, unless said otherwise. */
export const defaultKeepDays = 90;

/** Seconds after which each session is told of anew (Acct-Interim-Interval); what is not told of for three times as long is lost. */
export const interimSeconds = 300;

/** Is it the gateway's own FreeRADIUS that is asked, by the list of users? */
export function onGateway(spec: Pick<GatewaySpec, "radius">): boolean {
  return spec.radius?.onGateway !== undefined;
}

/** Does the gateway's own FreeRADIUS keep books? */
export function keepsBooks(spec: Pick<GatewaySpec, "radius">): boolean {
  return onGateway(spec) && spec.radius?.accounting !== false;
}

/** The user's own directory, which the gateway's own FreeRADIUS asks for whoever is not on the list. */
export function directory({ radius }: Pick<GatewaySpec, "radius">): DirectorySpec | undefined {
  return radius?.onGateway?.directory;
}

export const defaultNameAttribute = "uid";
/** Samba's, 32 hexadecimal digits; FreeIPA's ipaNTHash is 16 bytes. */
export const defaultHashAttribute = "sambaNTPassword";

/** Of `ldap://host:port` or `ldaps://…`, without what else a URL of LDAP may have (RFC 4516). @throws Error for another text. */
export function directoryUrl(text: string): { scheme: "ldap" | "ldaps"; host: string; port: number } {
  const found = /^(ldaps?):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?\/?$/.exec(String(text));
  if (found === null) throw new Error(`${JSON.stringify(text)} is no URL of a directory`);
  const scheme = found[1] as "ldap" | "ldaps";
  const port = found[4] === undefined ? { ldap: 389, ldaps: 636 }[scheme] : Number(found[4]);
  return { scheme, host: found[2] ?? found[3], port };
}

/** May somebody come in by password whom the list does not name? */
export function admitsOthers(spec: Pick<GatewaySpec, "radius">): boolean {
  return spec.radius !== undefined && (!onGateway(spec) || directory(spec) !== undefined);
}

/** Does the gateway ask the RADIUS servers, and nobody else, whether a password by that protocol is right? */
export function asksRadius(spec: Pick<GatewaySpec, "l2tp" | "ikev2" | "radius">, protocol: ProtocolName): boolean {
  return spec.radius !== undefined && spec[protocol] !== undefined && spec.radius.protocols?.includes(protocol) !== false;
}

/** May the servers give IKEv2 clients addresses (Framed-IP-Address)? Those are of the network for fixed ones. */
export function framesAddresses(spec: Pick<GatewaySpec, "l2tp" | "ikev2" | "radius">): boolean {
  return asksRadius(spec, "ikev2") && spec.ikev2?.fixedPool !== undefined;
}

/** Protocols by which this user of the list comes with a password that a RADIUS server is asked for. */
export function passwordsByRadius(spec: Pick<GatewaySpec, "l2tp" | "ikev2" | "radius">, user: UserSpec): ProtocolName[] {
  return (["l2tp", "ikev2"] as const).filter((protocol) => asksRadius(spec, protocol) && speaks(user, protocol) && !(protocol === "ikev2" && byCertificate(user)));
}

/** Protocols by which this user of the list would come with a password that nobody who is asked knows. */
export function passwordsBeyond(spec: GatewaySpec, user: UserSpec): ProtocolName[] {
  return onGateway(spec) ? [] : passwordsByRadius(spec, user);
}

export function authenticationPort({ authenticationPort: port }: RadiusServerSpec): number {
  return port ?? radiusPorts.authentication;
}

export function accountingPort({ accountingPort: port }: RadiusServerSpec): number {
  return port ?? radiusPorts.accounting;
}

/** Do the servers' answers say what sessions may reach and how fast they may be? */
export function answersGrant({ radius }: Pick<GatewaySpec, "radius">): boolean {
  return radius?.attributes === true;
}

/** Where the relay stands for a server, for the daemons: one address each, for pppd knows servers by address alone. */
export function relayAddress(index: number): string {
  return `127.88.0.${index + 1}`;
}

/** The address at which the daemons ask a server. */
export function askedAt(spec: Pick<GatewaySpec, "radius">, { host }: RadiusServerSpec, index: number): string {
  return answersGrant(spec) ? relayAddress(index) : host;
}

/** Seconds for which an answer is waited for before a server counts as silent. */
export function patience({ timeout }: RadiusSpec): number {
  return radiusTries * (timeout ?? defaultRadiusTimeout);
}

/** Must a person do something before the server answers (a button on their phone), so that many log-ins wait at once? */
export function isSlow(radius: RadiusSpec): boolean {
  return patience(radius) > 15;
}

/** What the gateway calls itself towards the servers (NAS-Identifier, RFC 2865, 5.32). */
export function nasIdentifier(spec: Pick<GatewaySpec, "name">, { nasIdentifier: given }: RadiusSpec): string {
  return given ?? spec.name;
}

/** RFC 5176, 3: where Disconnect-Requests are heard. */
export const disconnectPort = 3799;
