import { contains, formatAddress, parseAddress, parseNetwork } from "../addressing";
import { certificateName } from "../certificates/userCertificate";
import { authenticationNames, protocolNames, type GatewaySpec, type UserSpec } from "../spec";
import { asksRadius, onGateway } from "../radius";
import { moment, ownConnections, speaks } from "../users";
import { error, warning, type Problem } from "./problem";

/** What a user may be given beside a name: until when, by which protocols, with which address, name servers and routes. */
export function userOptionProblems(spec: GatewaySpec): Problem[] {
  const taken = new Map<string, string>();
  const ofUsers = spec.users.flatMap((user, index) => {
    const path = `users[${index}]`;
    return [
      ...validity(user, path),
      ...protocols(spec, user, path),
      ...authentication(spec, user, path),
      ...addressFields.flatMap((field) => fixedAddress(spec, user, path, field, taken)),
      ...nameServers(spec, user, path),
      ...routes(user, path),
    ];
  });
  return [...ofUsers, ...namesakes(spec), ...revokedSerials(spec), ...l2tpCertificates(spec)];
}

/** The connection that asks for names is called `ikev2-ask`, and a user's own after the user. */
function namesakes(spec: GatewaySpec): Problem[] {
  const index = ownConnections(spec).some(({ name }) => name === "ask") ? spec.users.findIndex(({ name }) => name === "ask") : -1;
  return index < 0 ? [] : [error(`users[${index}].name`, "ask", "would have the name of a connection of the gateway's own", "Rename the user, or leave them without a fixed address and a certificate.")];
}

function revokedSerials({ ikev2 }: GatewaySpec): Problem[] {
  const problems = (ikev2?.revokedSerials ?? []).flatMap((serial, index) =>
    /^(?:[0-9a-f]{2}:?){1,20}$/i.test(serial) ? [] : [error(`ikev2.revokedSerials[${index}]`, serial, "is no serial number in hexadecimal", "Write it as `openssl x509 -serial` shows it, e.g. 4FA3B2.")],
  );
  if ((ikev2?.revokedSerials ?? []).length > 0 && ikev2?.certificates !== true) {
    problems.push(error("ikev2.revokedSerials", undefined, "has no effect where ikev2.certificates is off", "Set it, or leave this out."));
  }
  return problems;
}

/** What L2TP by certificate needs beside it, or has no effect with. */
function l2tpCertificates(spec: GatewaySpec): Problem[] {
  if (spec.l2tp?.certificates !== true) return [];
  const path = "l2tp.certificates";
  const problems: Problem[] = [];
  if (spec.ikev2?.certificates !== true) {
    problems.push(error(path, true, "needs ikev2.certificates, with which the stack makes users' certificates", "Set ikev2.certificates, or leave this out."));
  }
  if (spec.l2tp.sharedNat === false) {
    problems.push(error(path, true, "needs l2tp.sharedNat: without it nobody can say by whose certificate a session came", "Leave l2tp.sharedNat on."));
  }
  if (asksRadius(spec, "l2tp") && !onGateway(spec)) {
    problems.push(error(path, true, "has no effect where RADIUS servers are asked for L2TP's passwords: nobody of the list comes by it", 'Leave it out, or set radius.protocols to ["ikev2"].'));
  }
  return problems;
}

function validity({ validUntil, suspended }: UserSpec, path: string): Problem[] {
  const problems: Problem[] = [];
  if (suspended !== undefined && typeof suspended !== "boolean") {
    problems.push(error(`${path}.suspended`, suspended, "is neither true nor false", "Write true or false."));
  }
  if (validUntil !== undefined && moment(validUntil) === undefined) {
    problems.push(error(`${path}.validUntil`, validUntil, "is not a date and time of ISO 8601 with its zone", "Write e.g. 2026-12-31T18:00:00Z or 2026-12-31T18:00:00+01:00."));
  }
  return problems;
}

function protocols(spec: GatewaySpec, user: UserSpec, path: string): Problem[] {
  if (user.protocols === undefined) return [];
  const problems: Problem[] = [];
  user.protocols.forEach((protocol, index) => {
    if (!(protocolNames as readonly string[]).includes(protocol)) {
      problems.push(error(`${path}.protocols[${index}]`, protocol, "is no protocol", `Use ${protocolNames.join(" or ")}.`));
    } else if (spec[protocol] === undefined) {
      problems.push(error(`${path}.protocols[${index}]`, protocol, "is not enabled on this gateway", `Enable ${protocol}, or leave it out here.`));
    }
  });
  if (user.protocols.length === 0) {
    problems.push(error(`${path}.protocols`, [], "lets the user in by none", "Leave it out for all, or set suspended."));
  }
  return problems;
}

/** How a user proves themselves, and whether that can be taken back. */
function authentication(spec: GatewaySpec, user: UserSpec, of: string): Problem[] {
  const problems: Problem[] = [];
  const { authentication: way, revoked } = user;
  const path = `${of}.authentication`;
  if (way !== undefined && !(authenticationNames as readonly string[]).includes(way)) {
    return [error(path, way, "is no way to prove oneself", `Use ${authenticationNames.join(" or ")}.`)];
  }
  if (revoked !== undefined && typeof revoked !== "boolean") problems.push(error(`${of}.revoked`, revoked, "is neither true nor false", "Write true or false."));
  if (way !== "certificate") {
    if (revoked === true) problems.push(error(`${of}.revoked`, revoked, "has no certificate to revoke", "Set suspended, or authentication: certificate."));
    return problems;
  }
  const byL2tp = spec.l2tp?.certificates === true && speaks(user, "l2tp");
  if ((spec.ikev2 === undefined || !speaks(user, "ikev2")) && !byL2tp) {
    problems.push(error(path, way, "is for IKEv2, by which this user is not let in", "Leave it out, let the user in by ikev2, or set l2tp.certificates."));
  } else if (spec.ikev2 !== undefined && spec.ikev2.certificates !== true) {
    problems.push(error(path, way, "needs ikev2.certificates, which is off", "Set ikev2.certificates (on a gateway that stands strongSwan restarts once, and tunnels are dialled again)."));
  }
  if (certificateName(user.name) === undefined) {
    problems.push(error(`${of}.name`, user.name, "stands in a certificate as neither an e-mail address nor a name of letters, digits, - and .", "Rename the user, or leave them a password."));
  }
  if (user.name.toLowerCase() === spec.endpoint.toLowerCase()) {
    problems.push(error(`${of}.name`, user.name, "is the gateway's own name: with such a certificate a user could stand in for it", "Rename the user."));
  }
  return problems;
}

interface AddressField {
  field: "l2tpAddress" | "ikev2Address" | "ikev2Address6";
  protocol: "l2tp" | "ikev2";
  pool: "fixedPool" | "fixedPool6";
  family: 4 | 6;
}

const addressFields: AddressField[] = [
  { field: "l2tpAddress", protocol: "l2tp", pool: "fixedPool", family: 4 },
  { field: "ikev2Address", protocol: "ikev2", pool: "fixedPool", family: 4 },
  { field: "ikev2Address6", protocol: "ikev2", pool: "fixedPool6", family: 6 },
];

function fixedAddress(spec: GatewaySpec, user: UserSpec, of: string, one: AddressField, taken: Map<string, string>): Problem[] {
  const text = user[one.field];
  if (text === undefined) return [];
  const path = `${of}.${one.field}`;
  const poolPath = `${one.protocol}.${one.pool}`;
  if (spec[one.protocol] === undefined) {
    return [error(path, text, `is for ${one.protocol}, which is not enabled`, `Enable ${one.protocol}, or leave the address out.`)];
  }
  const address = parseAddress(text);
  if (address?.family !== one.family) return [error(path, text, `is not an IPv${one.family} address`, "Write it out, without a prefix.")];
  const problems: Problem[] = [];
  if (user.protocols !== undefined && !user.protocols.includes(one.protocol)) {
    problems.push(error(path, text, `is for ${one.protocol}, by which this user is not let in`, "Leave the address out, or add the protocol."));
  }
  if (one.field === "ikev2Address6" && user.ikev2Address === undefined) {
    problems.push(error(path, text, "stands without an ikev2Address", "Give both: a client asks for both."));
  }
  if (one.family === 4 && one.protocol === "ikev2" && spec.ikev2?.pool6 !== undefined && user.ikev2Address6 === undefined) {
    problems.push(warning(path, text, "stands without an ikev2Address6: of pool6 the user gets any", "Give one if the user shall have the same always."));
  }
  const poolText = one.pool === "fixedPool" ? spec[one.protocol]?.fixedPool : spec.ikev2?.fixedPool6;
  const pool = poolText === undefined ? undefined : parseNetwork(poolText);
  if (poolText === undefined) {
    problems.push(error(path, text, `needs ${poolPath}: an address of the pool itself may be another client's by then`, `Give ${poolPath} a network of its own, e.g. ${one.family === 4 ? "10.77.9.0/24" : "fd77:9::/64"}.`));
  } else if (pool !== undefined && !contains(pool, address)) {
    problems.push(error(path, text, `is outside of ${poolPath} (${poolText})`, "Choose one of that network."));
  } else if (pool !== undefined && one.family === 4 && (address.value === pool.first || address.value === pool.last) && pool.prefix < 31) {
    problems.push(error(path, text, `is the network's or the broadcast address of ${poolPath}`, "Choose one between them."));
  }
  const key = formatAddress(address);
  const other = taken.get(key);
  if (other !== undefined) problems.push(error(path, text, `is ${other} already`, "Give each user an address of their own."));
  else taken.set(key, path);
  return problems;
}

function nameServers(spec: GatewaySpec, user: UserSpec, of: string): Problem[] {
  if (user.dns === undefined) return [];
  const problems: Problem[] = user.dns.flatMap((text, index) =>
    parseAddress(text) === undefined ? [error(`${of}.dns[${index}]`, text, "is not an IP address", "Give the address of a name server, not its name.")] : [],
  );
  const byIkev2 = spec.ikev2 !== undefined && user.protocols?.includes("ikev2") !== false;
  if (byIkev2 && user.ikev2Address === undefined) {
    problems.push(error(`${of}.dns`, user.dns, "cannot be told by IKEv2 without an ikev2Address: strongSwan ties name servers to the address pool", "Give the user an ikev2Address, or let them in by L2TP alone."));
  }
  const four = user.dns.filter((text) => parseAddress(text)?.family === 4).length;
  if (spec.l2tp !== undefined && user.protocols?.includes("l2tp") !== false && four > 2) {
    problems.push(warning(`${of}.dns`, undefined, "L2TP clients are given the first two IPv4 servers only", "PPP has room for two."));
  }
  return problems;
}

function routes(user: UserSpec, of: string): Problem[] {
  if (user.routes === undefined) return [];
  const problems: Problem[] = user.routes.flatMap((text, index) => {
    const parsed = parseNetwork(text);
    const path = `${of}.routes[${index}]`;
    if (parsed === undefined) return [error(path, text, "is not a network in CIDR notation", "Write e.g. 10.20.0.0/16.")];
    return parsed.hostBits ? [error(path, text, "has bits set behind the prefix", `Write ${parsed.text} if that is what you mean.`)] : [];
  });
  if (user.routes.length === 0) problems.push(error(`${of}.routes`, [], "is an empty tunnel", "Leave it out, or name a network."));
  if (user.ikev2Address === undefined) {
    problems.push(error(`${of}.routes`, user.routes, "needs an ikev2Address: only then has the user a connection of their own", "Give the user an ikev2Address."));
  }
  return problems;
}
