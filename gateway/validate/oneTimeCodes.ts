import { asksCode, codeDigits, fromBase32, leastSeedBytes, mostSeedBytes } from "../oneTimeCode";
import { asksRadius, onGateway } from "../radius";
import { protocolNames, type GatewaySecrets, type GatewaySpec } from "../spec";
import { byCertificate, speaks } from "../users";
import { error, type Problem } from "./problem";

/** pppd and charon take passwords of so many bytes, the code included. */
const longestPassword = 255 - codeDigits;

/** Who has a second factor must have it by every way in. */
export function oneTimeCodeProblems(spec: GatewaySpec): Problem[] {
  return spec.users.flatMap((user, index) => {
    const path = `users[${index}].oneTimeCode`;
    const given: unknown = user.oneTimeCode;
    if (given === undefined || given === false) return [];
    if (given !== true) return [error(path, given, "is neither true nor false", "Write true or false.")];
    if (!onGateway(spec)) {
      const remedy = spec.radius === undefined ? "Set radius.onGateway." : "Set radius.onGateway, or let your own RADIUS servers ask for codes.";
      return [error(path, true, "needs radius.onGateway: neither pppd nor charon knows such codes by itself", remedy)];
    }
    const comes = protocolNames.filter((protocol) => spec[protocol] !== undefined && speaks(user, protocol));
    return comes.flatMap((protocol) => {
      if (protocol === "ikev2" && byCertificate(user)) return [error(path, true, "is for a password, and by ikev2 this user comes with a certificate, which asks for no code", 'Leave one of them out; or let the user in by protocols: ["l2tp"] alone.')];
      if (!asksRadius(spec, protocol)) return [error(path, true, `is not asked for by ${protocol}, whose passwords radius.protocols leaves to the daemon itself`, `Add ${protocol} to radius.protocols, or leave it out of the user's protocols.`)];
      return [];
    });
  });
}

/** Their seeds and passwords: says of them what they have, never what they are. */
export function oneTimeCodeSecretProblems(spec: GatewaySpec, { oneTimeCodeSeeds = {}, passwords = {} }: Partial<GatewaySecrets>, complete: boolean): Problem[] {
  const ofSeed = new Map<string, number>();
  return spec.users.flatMap((user, index) => {
    const path = `users[${index}].oneTimeCodeSeed`;
    const seed = Object.hasOwn(oneTimeCodeSeeds, user.name) ? oneTimeCodeSeeds[user.name] : undefined;
    if (!asksCode(user)) return seed === undefined ? [] : [error(path, undefined, "has no effect without oneTimeCode", "Set oneTimeCode, or leave it out.")];
    const problems: Problem[] = [];
    const password = Object.hasOwn(passwords, user.name) ? passwords[user.name] : "";
    if (Buffer.byteLength(password) > longestPassword) problems.push(error(`users[${index}].password`, undefined, `has ${Buffer.byteLength(password)} bytes, and a code goes behind it`, `Use at most ${longestPassword}.`));
    if (seed === undefined) return complete ? [...problems, error(path, undefined, "is missing", "Give one, or leave it to the component to make one.")] : problems;
    const bytes = typeof seed === "string" ? fromBase32(seed) : undefined;
    if (bytes === undefined) return [...problems, error(path, undefined, "is not base32 (A to Z and 2 to 7, without spaces)", "Leave it out to have one made.")];
    if (bytes.length < leastSeedBytes) problems.push(error(path, undefined, `has ${bytes.length * 8} bits`, `Use ${leastSeedBytes * 8} or more (RFC 4226, 4), or leave it out to have one made.`));
    if (bytes.length > mostSeedBytes) problems.push(error(path, undefined, `has ${bytes.length} bytes, and not every app does what such long ones need`, `Use at most ${mostSeedBytes}.`));
    const key = bytes.toString("hex");
    const same = ofSeed.get(key);
    if (same !== undefined) problems.push(error(path, undefined, `is that of users[${same}] too: each has the other's codes`, "Give each user a seed of their own."));
    else ofSeed.set(key, index);
    return problems;
  });
}
