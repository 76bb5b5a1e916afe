import type { GatewaySecrets } from "../spec";

/** @throws Error if the user has none. A user may be called `constructor`, so only own properties count. */
export function passwordOf(secrets: Pick<GatewaySecrets, "passwords">, user: string): string {
  if (!Object.hasOwn(secrets.passwords, user)) throw new Error(`passwords: none for the user ${JSON.stringify(user)}`);
  return secrets.passwords[user];
}
