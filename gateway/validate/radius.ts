import { parseAddress } from "../addressing";
import { longestRadiusSecret } from "../formats/radiusClient";
import { unprintable } from "../formats/text";
import { accountingPort, asksRadius, authenticationPort, directory, directoryUrl, mostRadiusServers, onGateway, ownServer, passwordsBeyond, passwordsByRadius } from "../radius";
import { protocolNames, type DirectorySpec, type GatewaySecrets, type GatewaySpec, type PostgresqlSpec, type RadiusSpec } from "../spec";
import { error, warning, type Problem } from "./problem";

/** The RADIUS servers: which, how they are asked, and who of the list of users comes in by them or beside them. */
export function radiusProblems(spec: GatewaySpec): Problem[] {
  const { radius } = spec;
  if (radius === undefined) return [];
  if (onGateway(spec)) return [...ownServerProblems(radius), ...options(spec, radius), ...beyondRadius(spec)];
  return [...servers(spec, radius), ...options(spec, radius), ...listedUsers(spec)];
}

function servers(spec: GatewaySpec, { servers: list }: RadiusSpec): Problem[] {
  const path = "radius.servers";
  if (!Array.isArray(list) || list.length === 0) return [error(path, list, "names no server", "Name at least one, or leave radius out.")];
  const problems: Problem[] = list.length <= mostRadiusServers ? [] : [error(path, list.length, "are more than the programs take", `Name at most ${mostRadiusServers}.`)];
  const seen = new Map<string, number>();
  list.forEach((server, index) => {
    const at = `${path}[${index}]`;
    const address = parseAddress(server.host);
    if (address === undefined) {
      problems.push(error(`${at}.host`, server.host, "is not an IP address", "Give the server's address: a name would make each log-in wait for a name server."));
    } else if (address.family === 6 && asksRadius(spec, "l2tp")) {
      problems.push(error(`${at}.host`, server.host, "is an IPv6 address, and pppd's RADIUS knows IPv4 alone", 'Give the server\'s IPv4 address, or set radius.protocols to ["ikev2"].'));
    }
    const ports = [["authenticationPort", authenticationPort(server)], ["accountingPort", accountingPort(server)]] as const;
    for (const [name, port] of ports) {
      if (!Number.isInteger(port) || port < 1 || port > 65535) problems.push(error(`${at}.${name}`, port, "is not a port", "Use 1 to 65535."));
    }
    if (ports[0][1] === ports[1][1]) problems.push(error(`${at}.accountingPort`, ports[1][1], "is the authenticationPort, too", "Give each its own: 1812 and 1813 are the usual ones."));
    const key = `${server.host} ${ports[0][1]}`;
    const same = seen.get(key);
    if (same !== undefined) problems.push(error(at, server.host, `is ${path}[${same}] already`, "Leave one of them out."));
    else seen.set(key, index);
  });
  return problems;
}

/** The gateway's own FreeRADIUS. */
function ownServerProblems({ servers: list, onGateway: own, disconnect, attributes, accounting }: RadiusSpec): Problem[] {
  const problems: Problem[] = [];
  if (!Array.isArray(list) || list.length !== 1 || list[0].host !== ownServer.host) {
    problems.push(error("radius.onGateway", undefined, "stands beside radius.servers", "Leave one of them out: a password is asked of the gateway's own server or of yours."));
  }
  if (disconnect === true) problems.push(error("radius.disconnect", disconnect, "is for servers of your own", "Leave it out: `vpn-gateway disconnect USER` ends sessions here, and `suspended` keeps somebody out."));
  if (attributes === true) problems.push(error("radius.attributes", attributes, "is for servers of your own", "Leave it out: what the users of the list may reach, and their rates, the list itself says (groups, reach, rate)."));
  const days = own?.keepDays;
  if (days !== undefined && (!Number.isInteger(days) || days < 1 || days > 3650)) {
    problems.push(error("radius.onGateway.keepDays", days, "is not a whole number of days from 1 to 3650", "Leave it out for 90."));
  }
  if (own?.postgresql !== undefined) problems.push(...databaseProblems(own.postgresql));
  if (own?.directory !== undefined) problems.push(...directoryProblems(own.directory));
  if (own?.postgresql !== undefined && days !== undefined) problems.push(error("radius.onGateway.keepDays", days, "is for books on the gateway", "Leave it out: how long your own database keeps them is yours to say (docs/radius.md)."));
  if (own?.postgresql !== undefined && accounting === false) problems.push(error("radius.onGateway.postgresql", undefined, "has no effect where radius.accounting is off", "Leave one of them out."));
  if (days !== undefined && accounting === false) problems.push(error("radius.onGateway.keepDays", days, "has no effect where radius.accounting is off", "Leave one of them out."));
  return problems;
}

/** Where the books are, by what libpq's connection string and password file carry without an escaping of their own. */
function databaseProblems({ host, port, database, user, tls, authority }: PostgresqlSpec): Problem[] {
  const path = "radius.onGateway.postgresql";
  const problems: Problem[] = [];
  if (typeof host !== "string" || (parseAddress(host) === undefined && !isHostName(host))) {
    problems.push(error(`${path}.host`, host, "is neither a DNS name nor an IP address", "Write e.g. db.example.com or 10.20.0.30."));
  }
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65535)) problems.push(error(`${path}.port`, port, "is not a port", "Leave it out for 5432."));
  for (const [field, name] of [["database", database], ["user", user]] as const) {
    if (typeof name !== "string" || !/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,62}$/.test(name)) {
      problems.push(error(`${path}.${field}`, name, "is not 1 to 63 letters, digits, _, ., @ and -", "Give the database and its user plain names."));
    }
  }
  return [...problems, ...tlsProblems(path, tls, authority, "who is connected from where")];
}

function tlsProblems(path: string, tls: boolean | undefined, authority: string | undefined, shown: string): Problem[] {
  const problems: Problem[] = [];
  if (tls !== undefined && typeof tls !== "boolean") problems.push(error(`${path}.tls`, tls, "is neither true nor false", "Write true or false."));
  if (tls === false) problems.push(warning(`${path}.tls`, tls, `lets everybody on the way read ${shown}`, "Leave it out, unless the way is a private one."));
  if (authority !== undefined && tls === false) problems.push(error(`${path}.authority`, undefined, "has no effect where tls is off", "Leave one of them out."));
  if (authority !== undefined && !/^-----BEGIN CERTIFICATE-----\s[\s\S]*-----END CERTIFICATE-----\s*$/.test(String(authority).trim())) {
    problems.push(error(`${path}.authority`, undefined, "is not a certificate in PEM", "Give the whole text, with its BEGIN and END lines."));
  }
  return problems;
}

/** What FreeRADIUS' own configuration would take for more than text (formats/radiusd.ts). */
const notText = /["\\$%\p{Cc}]/u;

/** A directory, by what FreeRADIUS' configuration carries. */
function directoryProblems({ url, bindDn, base, nameAttribute, hashAttribute, filter, tls, authority }: DirectorySpec): Problem[] {
  const path = "radius.onGateway.directory";
  const problems: Problem[] = [];
  let parsed: ReturnType<typeof directoryUrl> | undefined;
  try {
    parsed = directoryUrl(url);
  } catch {
    // Said below.
  }
  if (parsed === undefined || (parseAddress(parsed.host) === undefined && !isHostName(parsed.host)) || parsed.port < 1 || parsed.port > 65535) {
    problems.push(error(`${path}.url`, url, "is not ldaps:// or ldap:// with a DNS name or an IP address, and a port if need be", "Write e.g. ldaps://directory.example.com."));
  }
  if (parsed?.scheme === "ldaps" && tls === false) problems.push(error(`${path}.tls`, tls, "is at odds with ldaps://", "Leave one of them out."));
  for (const [field, dn] of [["bindDn", bindDn], ["base", base]] as const) {
    if (typeof dn !== "string" || !/^[A-Za-z][A-Za-z0-9.-]*=/.test(dn) || dn.length > 1000) problems.push(error(`${path}.${field}`, dn, "is not a distinguished name", "Write e.g. ou=people,dc=example,dc=com."));
    else if (notText.test(dn)) problems.push(error(`${path}.${field}`, dn, 'holds one of " \\ $ %, which FreeRADIUS\' configuration takes for more than text', "Name an entry without them."));
  }
  for (const [field, name] of [["nameAttribute", nameAttribute], ["hashAttribute", hashAttribute]] as const) {
    if (name !== undefined && !/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(String(name))) problems.push(error(`${path}.${field}`, name, "is not the name of an attribute", "Write e.g. uid, sAMAccountName, sambaNTPassword, ipaNTHash."));
  }
  if (filter !== undefined && (typeof filter !== "string" || !/^\(.+\)$/.test(filter) || notText.test(filter) || !isBalanced(filter) || filter.length > 1000)) {
    problems.push(error(`${path}.filter`, filter, 'is not a filter in brackets, or holds one of " \\ $ %', "Write e.g. (memberOf=cn=vpn,dc=example,dc=com)."));
  }
  return [...problems, ...tlsProblems(path, tls, authority, "the password by which it is asked, and users' hashes, which let in as passwords do")];
}

/** One filter, and not two beside each other. */
function isBalanced(filter: string): boolean {
  let open = 0;
  return [...filter].every((character, index) => {
    open += character === "(" ? 1 : character === ")" ? -1 : 0;
    return index < filter.length - 1 ? open > 0 : open === 0;
  });
}

function isHostName(text: string): boolean {
  return text.length <= 253 && /[A-Za-z]/.test(text) && text.split(".").every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label));
}

/** What a user of the list has that no RADIUS answer carries to charon. */
function beyondRadius(spec: GatewaySpec): Problem[] {
  return spec.users.flatMap((user, index) => {
    if (!passwordsByRadius(spec, user).includes("ikev2")) return [];
    const remedy = 'Leave it out, give the user a certificate, or set radius.protocols to ["l2tp"].';
    return (["routes", "ikev2Address6"] as const).flatMap((field) =>
      user[field] === undefined ? [] : [error(`users[${index}].${field}`, user[field], "cannot be told to a user whose password RADIUS is asked for", remedy)],
    );
  });
}

function options(spec: GatewaySpec, radius: RadiusSpec): Problem[] {
  const problems: Problem[] = [];
  const { timeout, nasIdentifier, protocols } = radius;
  for (const name of ["accounting", "disconnect", "attributes"] as const) {
    if (radius[name] !== undefined && typeof radius[name] !== "boolean") problems.push(error(`radius.${name}`, radius[name], "is neither true nor false", "Write true or false."));
  }
  if (timeout !== undefined && (!Number.isInteger(timeout) || timeout < 1 || timeout > 30)) {
    problems.push(error("radius.timeout", timeout, "is not a whole number of seconds from 1 to 30", "Leave it out for 2."));
  }
  if (nasIdentifier !== undefined && (!/^[\x20-\x7e]{1,253}$/.test(nasIdentifier) || nasIdentifier !== nasIdentifier.trim())) {
    problems.push(error("radius.nasIdentifier", nasIdentifier, "is not 1 to 253 characters of printable ASCII without white space at an end", "Leave it out for the gateway's name."));
  }
  protocols?.forEach((protocol, index) => {
    if (!(protocolNames as readonly string[]).includes(protocol)) problems.push(error(`radius.protocols[${index}]`, protocol, "is no protocol", `Use ${protocolNames.join(" or ")}.`));
    else if (spec[protocol] === undefined) problems.push(error(`radius.protocols[${index}]`, protocol, "is not enabled on this gateway", `Enable ${protocol}, or leave it out here.`));
  });
  if (!protocolNames.some((protocol) => asksRadius(spec, protocol)) && problems.length === 0) {
    problems.push(error("radius", undefined, "is asked by no protocol of this gateway", "Enable l2tp or ikev2, or leave radius out."));
  }
  return problems;
}

/**
 * pppd asks one place for a password, and charon has chosen its way before it knows the name (it can change the way by the
 * name from 6.0.2 on): so a protocol asks the list or the servers, never both.
 */
function listedUsers(spec: GatewaySpec): Problem[] {
  return spec.users.flatMap((user, index) => {
    const beyond = passwordsBeyond(spec, user);
    if (beyond.length === 0) return [];
    return [
      error(`users[${index}]`, user.name, `would come by ${beyond.join(" and ")} with a password of the list, where the RADIUS servers alone are asked`, "Add the user on the RADIUS server instead; or give them a certificate (IKEv2), or protocols that radius.protocols does not name."),
    ];
  });
}

/** Their shared secrets: says of them what they have, never what they are. */
export function radiusSecretProblems(spec: GatewaySpec, secrets: Partial<GatewaySecrets>): Problem[] {
  const list = spec.radius?.servers;
  // The gateway's own server has one that is minted.
  if (onGateway(spec)) return [...databasePassword(spec, secrets.radiusDatabase), ...directoryPassword(spec, secrets.radiusDirectory)];
  if (!Array.isArray(list)) return [];
  const ofHost = new Map<string, string>();
  return list.flatMap(({ host }, index) => {
    const path = `radius.servers[${index}].secret`;
    const secret = secrets.radius?.[index];
    if (secret === undefined || secret === "") return [error(path, undefined, "is missing", "Give the secret that the server has for this gateway.")];
    const control = unprintable(secret);
    if (control !== undefined) return [error(path, undefined, `holds the control character ${control}`, "Use printable characters on one line.")];
    const problems: Problem[] = [];
    if (/[^\x20-\x7e]/.test(secret)) problems.push(error(path, undefined, "is not plain ASCII, which servers and clients turn into bytes in different ways", "Use ASCII."));
    if (asksRadius(spec, "l2tp")) {
      if (secret.includes(" ")) problems.push(error(path, undefined, "holds a space, which pppd's RADIUS takes for its end", 'Use another, or set radius.protocols to ["ikev2"].'));
      if (Buffer.byteLength(secret) > longestRadiusSecret) problems.push(error(path, undefined, `has ${Buffer.byteLength(secret)} bytes, of which pppd's RADIUS reads ${longestRadiusSecret}`, `Use at most ${longestRadiusSecret}.`));
      const other = ofHost.get(host);
      if (other !== undefined && other !== secret) problems.push(error(path, undefined, "is another than the same host's above, and pppd's RADIUS knows servers by address alone", "Give one host one secret."));
      ofHost.set(host, other ?? secret);
    }
    if (secret.length < 16) problems.push(warning(path, undefined, `has ${secret.length} characters, and whoever records one answer can try all short ones`, "Use 16 or more (RFC 2865, 3)."));
    return problems;
  });
}

/** Says of it what it has, never what it is. */
function databasePassword(spec: GatewaySpec, password: string | undefined): Problem[] {
  if (spec.radius?.onGateway?.postgresql === undefined) return [];
  const path = "radius.onGateway.postgresql.password";
  if (password === undefined || password === "") return [error(path, undefined, "is missing", "Give the password of the database's user.")];
  const control = unprintable(password);
  return control === undefined ? [] : [error(path, undefined, `holds the control character ${control}`, "Use printable characters on one line.")];
}

function directoryPassword(spec: GatewaySpec, password: string | undefined): Problem[] {
  if (directory(spec) === undefined) return [];
  const path = "radius.onGateway.directory.password";
  if (password === undefined || password === "") return [error(path, undefined, "is missing", "Give the password of bindDn.")];
  if (notText.test(password)) return [error(path, undefined, 'holds one of " \\ $ % or a control character, which FreeRADIUS\' configuration takes for more than text', "Give that entry a password without them.")];
  return [];
}
