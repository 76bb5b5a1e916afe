import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import type { GatewayIdentity } from "../gateway/identity";
import { base32Alphabet, seedBytes } from "../gateway/oneTimeCode";
import type { GatewaySpec } from "../gateway/spec";
import type { RemoteAccessArgs } from "./args";

/** Letters and digits: what every client's form and every configuration format takes as it is. */
const alphabet = { special: false, minLower: 1, minUpper: 1, minNumeric: 1 };

/** RFC 4648's base32, each character five random bits. */
const base32 = { lower: false, upper: false, numeric: false, special: true, overrideSpecial: base32Alphabet };

/** A minted secret, `length` letters and digits, as a Pulumi secret. */
function mint(
  name: string,
  length: number,
  spec: pulumi.Output<unknown>,
  opts: pulumi.CustomResourceOptions,
  of: object = alphabet,
): pulumi.Output<string> {
  // Its length comes of the checked spec, so that nothing is minted for a gateway that is refused.
  const password = new RandomPassword(name, { ...of, length: spec.apply(() => length) }, opts);
  return pulumi.secret(password.result);
}

/** What is taken of an identity that was given, and what is minted where it has nothing. A secret. */
export function carried(identity: pulumi.Input<GatewayIdentity> | undefined, minted: pulumi.Output<string>, of: (given: GatewayIdentity) => string | undefined): pulumi.Output<string> {
  if (identity === undefined) return minted;
  return pulumi.secret(pulumi.all([identity, minted]).apply(([given, own]) => of(given) ?? own));
}

/** What a user or a client must know; minted where it was not given. Every value is a Pulumi secret. */
export interface AccessSecrets {
  preSharedKey: pulumi.Output<string> | undefined;
  passwords: pulumi.Output<Record<string, string>>;
  /** In base32, by user name; none where nobody has one-time codes. */
  oneTimeCodeSeeds: pulumi.Output<Record<string, string>> | undefined;
}

/**
 * May anybody need the pre-shared key of L2TP, as far as the program says now? Protocols may be known only later: then
 * somebody may. Whether the gateway gets it, the resolved spec says (gateway/preSharedKey.ts).
 */
function mayNeedPreSharedKey({ l2tp, radius, users }: RemoteAccessArgs): boolean {
  if (l2tp?.enabled !== true) return false;
  const without = (protocols: RemoteAccessArgs["users"][number]["protocols"]) => Array.isArray(protocols) && protocols.every((one) => typeof one === "string" && one !== "l2tp");
  if (l2tp.certificates !== true || (radius !== undefined && radius.onGateway?.enabled !== true && !without(radius.protocols))) return true;
  return users.some(({ authentication, protocols }) => authentication !== "certificate" && !without(protocols));
}

/** Mints or wraps the pre-shared key, each user's password and the seed of their one-time codes: the only place that does. */
export function accessSecrets(
  name: string,
  args: RemoteAccessArgs,
  spec: pulumi.Output<GatewaySpec>,
  opts: pulumi.CustomResourceOptions,
): AccessSecrets {
  const given = args.l2tp?.preSharedKey;
  const preSharedKey =
    !mayNeedPreSharedKey(args)
      ? undefined
      : given !== undefined
        ? pulumi.secret(given)
        : carried(args.identity, mint(`${name}-pre-shared-key`, 32, spec, opts), (one) => one.preSharedKey || undefined);
  // A Map: a name given twice is minted once, and refused by the spec's check rather than by a doubled resource.
  const passwords = new Map<string, pulumi.Input<string>>();
  for (const user of args.users) {
    if (passwords.has(user.name)) continue;
    passwords.set(
      user.name,
      user.password !== undefined ? pulumi.secret(user.password) : carried(args.identity, mint(`${name}-password-${user.name}`, 24, spec, opts), ({ passwords }) => (Object.hasOwn(passwords, user.name) ? passwords[user.name] : undefined)),
    );
  }
  return { preSharedKey, passwords: pulumi.secret(pulumi.output(Object.fromEntries(passwords))), oneTimeCodeSeeds: oneTimeCodeSeeds(name, args, spec, opts) };
}

function oneTimeCodeSeeds(name: string, { users, identity }: RemoteAccessArgs, spec: pulumi.Output<GatewaySpec>, opts: pulumi.CustomResourceOptions): AccessSecrets["oneTimeCodeSeeds"] {
  const seeds = new Map<string, pulumi.Input<string>>();
  for (const { name: user, oneTimeCode, oneTimeCodeSeed: given } of users) {
    if (oneTimeCode !== true || seeds.has(user)) continue;
    const former = ({ oneTimeCodeSeeds: all = {} }: GatewayIdentity) => (Object.hasOwn(all, user) ? all[user] : undefined);
    seeds.set(user, given !== undefined ? pulumi.secret(given) : carried(identity, mint(`${name}-one-time-code-seed-${user}`, (seedBytes * 8) / 5, spec, opts, base32), former));
  }
  return seeds.size === 0 ? undefined : pulumi.secret(pulumi.output(Object.fromEntries(seeds)));
}

/** Secrets of RADIUS: what is somebody's already is given, and never minted. */
export interface RadiusSecrets {
  radius?: pulumi.Output<string[]>;
  radiusDatabase?: pulumi.Output<string>;
  radiusDirectory?: pulumi.Output<string>;
}

/** Those that were given: of servers of the user's own, of their database, of their directory. */
export function givenRadiusSecrets({ radius }: Pick<RemoteAccessArgs, "radius">): RadiusSecrets {
  const own = radius?.onGateway?.enabled === true ? radius.onGateway : undefined;
  const [database, directory] = [own?.postgresql?.password, own?.directory?.password];
  return {
    ...(radius?.servers === undefined ? {} : { radius: pulumi.secret(pulumi.output(radius.servers.map(({ secret }) => secret))) }),
    ...(database === undefined ? {} : { radiusDatabase: pulumi.secret(database) }),
    ...(directory === undefined ? {} : { radiusDirectory: pulumi.secret(directory) }),
  };
}

/** All of them: the one between the gateway's daemons and its own server, which nobody else needs to know, is minted. */
export function radiusSecrets(name: string, args: Pick<RemoteAccessArgs, "radius">, spec: pulumi.Output<GatewaySpec>, opts: pulumi.CustomResourceOptions): RadiusSecrets {
  const given = givenRadiusSecrets(args);
  if (args.radius?.onGateway?.enabled !== true) return given;
  return { ...given, radius: pulumi.secret(mint(`${name}-radius-secret`, 40, spec, opts).apply((secret) => [secret])) };
}

/** The password of a container of a user's key, for devices that import one. */
export function containerPassword(name: string, user: string, spec: pulumi.Output<unknown>, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  return mint(`${name}-container-password-${user}`, 24, spec, opts);
}

/** The pre-shared key of a site connection: given, or minted once the connection has been found good. */
export function siteKey(name: string, given: pulumi.Input<string> | undefined, spec: pulumi.Output<unknown>, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  return given !== undefined ? pulumi.secret(given) : mint(`${name}-pre-shared-key`, 40, spec, opts);
}
