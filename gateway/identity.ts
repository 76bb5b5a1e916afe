import { createPrivateKey, X509Certificate } from "crypto";
import { renewalDays } from "./certificates/validity";
import type { UserCredential } from "./clients/access";
import { fromBase32 } from "./oneTimeCode";
import { error, type Problem } from "./validate/problem";

/**
 * What enrolled devices know a gateway by, and it them: carried from one stack to the next, all of them connect again with
 * nothing changed on them. Secret as a whole. The address is not among it: that is `endpoint`.
 */
export interface GatewayIdentity {
  /** For L2TP/IPsec; empty without it. */
  preSharedKey: string;
  /** Password of each user, by user name. */
  passwords: Record<string, string>;
  /** The private authority, for IKEv2: PEM of its certificate, and of its key (PKCS #8). */
  authority?: { certificate: string; privateKey: string };
  /** Of each user who has a certificate, by user name. */
  credentials?: Record<string, UserCredential>;
  /** Seed of the one-time codes of each user who has them, in base32, by user name. */
  oneTimeCodeSeeds?: Record<string, string>;
}

const remedy = "Give what the stack's output `identity` was, unchanged: docs/move-house.md.";

/** What is wrong with an identity that somebody gives; no value of it is shown, all being secret. */
export function identityProblems(given: unknown, now = new Date()): Problem[] {
  if (!isRecord(given)) return [error("identity", undefined, "is not an object", remedy)];
  const { preSharedKey, passwords, authority, credentials, oneTimeCodeSeeds } = given;
  const problems = [
    ...(preSharedKey === undefined || typeof preSharedKey === "string" ? [] : [error("identity.preSharedKey", undefined, "is not a text", remedy)]),
    ...(isRecord(passwords) && Object.values(passwords).every((text) => typeof text === "string") ? [] : [error("identity.passwords", undefined, "is not a text for each user", remedy)]),
    ...(oneTimeCodeSeeds === undefined || (isRecord(oneTimeCodeSeeds) && Object.values(oneTimeCodeSeeds).every((text) => typeof text === "string" && fromBase32(text) !== undefined)) ? [] : [error("identity.oneTimeCodeSeeds", undefined, "is not a seed in base32 for each user", remedy)]),
    ...(authority === undefined ? [] : certified("identity.authority", authority, true, now)),
    ...(credentials === undefined
      ? []
      : isRecord(credentials)
        ? Object.entries(credentials).flatMap(([user, one]) => certified(`identity.credentials.${user}`, one, false, now))
        : [error("identity.credentials", undefined, "is not an object", remedy)]),
  ];
  return problems.length > 0 ? problems : strangers(given as unknown as GatewayIdentity);
}

/** Users' certificates that the identity's own authority has not signed: the gateway would refuse who has them. */
function strangers({ authority, credentials = {} }: GatewayIdentity): Problem[] {
  const issuer = authority && new X509Certificate(authority.certificate);
  return Object.entries(credentials).flatMap(([user, { certificate }]) =>
    issuer !== undefined && new X509Certificate(certificate).verify(issuer.publicKey) ? [] : [error(`identity.credentials.${user}`, undefined, "is not of the identity's authority", remedy)],
  );
}

/** A certificate that is read, holds, is of the kind that it should be, and has this key. */
function certified(path: string, given: unknown, isAuthority: boolean, now: Date): Problem[] {
  if (!isRecord(given) || typeof given.certificate !== "string" || typeof given.privateKey !== "string") return [error(path, undefined, "has no `certificate` and `privateKey`", remedy)];
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(given.certificate);
  } catch {
    return [error(`${path}.certificate`, undefined, "is no certificate in PEM", remedy)];
  }
  const problems: Problem[] = [];
  if (certificate.ca !== isAuthority) problems.push(error(`${path}.certificate`, certificate.subject, isAuthority ? "is no authority's" : "is an authority's, not a user's", remedy));
  // A user's that is over is made anew; nothing stands in for an authority.
  if (isAuthority && new Date(certificate.validTo) < now) problems.push(error(`${path}.certificate`, certificate.validTo, "is over", "Leave `identity` out: the stack makes another authority, and every device needs a new profile."));
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(given.privateKey))) problems.push(error(`${path}.privateKey`, undefined, "is not the certificate's", remedy));
  } catch {
    problems.push(error(`${path}.privateKey`, undefined, "is no private key in PEM", remedy));
  }
  return problems;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A user's credential of a former stack, as long as it need not be renewed. */
export function carriedCredential(identity: GatewayIdentity | undefined, user: string, now = new Date()): UserCredential | undefined {
  const credentials = identity?.credentials ?? {};
  const found = Object.hasOwn(credentials, user) ? credentials[user] : undefined;
  if (found === undefined) return undefined;
  return new Date(new X509Certificate(found.certificate).validTo).getTime() - now.getTime() > renewalDays * 86_400_000 ? found : undefined;
}
