import { answersGrant } from "./radius";
import type { GatewaySpec, RateSpec, UserSpec } from "./spec";

/** The two ways of a rate, by the names that the gateway's own files have for them. */
export const ways = { down: "downMegabits", up: "upMegabits" } as const;

/** What a user is held to: their own rate, or else the highest of their groups' in each way. */
export function rateOf({ groups = [] }: Pick<GatewaySpec, "groups">, user: UserSpec): RateSpec | undefined {
  if (user.rate !== undefined) return user.rate;
  const rates = groups.flatMap(({ name, rate }) => (rate !== undefined && user.groups?.includes(name) ? [rate] : []));
  if (rates.length === 0) return undefined;
  // A group that says nothing of one way does not lift what another says of it.
  const highest = (way: keyof RateSpec) => {
    const said = rates.flatMap((rate) => rate[way] ?? []);
    return said.length === 0 ? {} : { [way]: Math.max(...said) };
  };
  return { ...highest("downMegabits"), ...highest("upMegabits") };
}

/** Is anybody, or are all together, held to a rate, or may a RADIUS server's answer hold somebody to one? */
export function hasRates(spec: Pick<GatewaySpec, "users" | "groups" | "uplink" | "radius">): boolean {
  return spec.uplink !== undefined || answersGrant(spec) || spec.users.some((user) => rateOf(spec, user) !== undefined);
}

/** In whole kbit/s, as the gateway's files have it. */
export function kilobits(rate: RateSpec): { down?: number; up?: number } {
  return Object.fromEntries(Object.entries(ways).flatMap(([way, field]) => (rate[field] === undefined ? [] : [[way, Math.round(rate[field] * 1000)]])));
}
