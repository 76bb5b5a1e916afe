import { acmeProblems } from "./validate/acme";
import { addressProblems } from "./validate/addresses";
import { clientProblems } from "./validate/clients";
import { endpointProblems } from "./validate/endpoint";
import { oneTimeCodeProblems, oneTimeCodeSecretProblems } from "./validate/oneTimeCodes";
import { pairProblems } from "./validate/pair";
import type { Problem } from "./validate/problem";
import { policyProblems } from "./validate/policies";
import { rateProblems } from "./validate/rates";
import { sessionProblems } from "./validate/sessions";
import { secretProblems } from "./validate/secrets";
import { radiusProblems, radiusSecretProblems } from "./validate/radius";
import { userOptionProblems } from "./validate/userOptions";
import { userProblems } from "./validate/users";
import type { GatewaySecrets, GatewaySpec } from "./spec";

export type { Problem } from "./validate/problem";
export { problemsText } from "./validate/problem";

/**
 * Everything that is wrong with a spec, all at once, before anything is created. Judges values as they come: a spec
 * made of unchecked input may hold any string where the types name a few words.
 *
 * @param secrets the secrets that are already known; a password or key that is not there is left to be minted.
 *   With `complete`, none is: what is missing is an error.
 * @returns errors and warnings; never with a secret in them.
 */
export function validateSpec(spec: GatewaySpec, secrets?: Partial<GatewaySecrets>, complete = false): Problem[] {
  return [
    ...endpointProblems(spec),
    ...clientProblems(spec),
    ...acmeProblems(spec),
    ...addressProblems(spec),
    ...userProblems(spec),
    ...userOptionProblems(spec),
    ...sessionProblems(spec),
    ...policyProblems(spec),
    ...rateProblems(spec),
    ...pairProblems(spec),
    ...radiusProblems(spec),
    ...oneTimeCodeProblems(spec),
    ...(secrets === undefined ? [] : [...secretProblems(spec, secrets, complete), ...radiusSecretProblems(spec, secrets), ...oneTimeCodeSecretProblems(spec, secrets, complete)]),
  ];
}
