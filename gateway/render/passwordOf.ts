import { fromBase32 } from "../oneTimeCode";
import type { GatewaySecrets } from "../spec";

/** @throws Error if the user has none. A user may be called `constructor`, so only own properties count. */
export function passwordOf(secrets: Pick<GatewaySecrets, "passwords">, user: string): string {
  if (!Object.hasOwn(secrets.passwords, user)) throw new Error(`passwords: none for the user ${JSON.stringify(user)}`);
  return secrets.passwords[user];
}

/** The seed of the user's one-time codes. @throws Error if there is none, or one that is no base32. */
export function seedOf({ oneTimeCodeSeeds = {} }: Pick<GatewaySecrets, "oneTimeCodeSeeds">, user: string): Buffer {
  const seed = Object.hasOwn(oneTimeCodeSeeds, user) ? fromBase32(oneTimeCodeSeeds[user]) : undefined;
  if (seed === undefined) throw new Error(`one-time codes: no seed for the user ${JSON.stringify(user)}`);
  return seed;
}
