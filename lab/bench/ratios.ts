import { rounded, spread, type Spread } from "./statistics";

/** What a variant measured in one repeat, by direction, in Mbit/s. */
export type Repeat = Record<string, { up: number; down: number }>;

export interface Rates {
  up: Spread;
  down: Spread;
}

/** The order of a repeat: every second one runs backwards, so that a host that slows down favours nobody. */
export function orderOf<T>(items: readonly T[], repeat: number): T[] {
  return repeat % 2 === 0 ? [...items] : [...items].reverse();
}

/** One number of a repeat: the mean of both directions' ratios. */
export function ratiosOf(repeats: readonly Repeat[], variant: string, reference: string): number[] {
  return repeats.map((repeat) => (repeat[variant].up / repeat[reference].up + repeat[variant].down / repeat[reference].down) / 2);
}

export function ratio(repeats: readonly Repeat[], variant: string, reference: string): Spread {
  return roundedSpread(spread(ratiosOf(repeats, variant, reference)), 3);
}

/** Ratio of one direction alone. */
export function ratioOf(repeats: readonly Repeat[], variant: string, reference: string, direction: "up" | "down"): Spread {
  return roundedSpread(spread(repeats.map((repeat) => repeat[variant][direction] / repeat[reference][direction])), 3);
}

export function rates(repeats: readonly Repeat[], variant: string): Rates {
  const of = (direction: "up" | "down") => roundedSpread(spread(repeats.map((repeat) => repeat[variant][direction])), 1);
  return { up: of("up"), down: of("down") };
}

export function roundedSpread({ median, least, most }: Spread, digits: number): Spread {
  return { median: rounded(median, digits), least: rounded(least, digits), most: rounded(most, digits) };
}

/**
 * Does a change act on goodput? Only if every repeat lies on the same side of what two equal measurements differ by.
 *
 * @param noise how far the ratio of two measurements of the same thing lay from 1 at the worst
 */
export function actsOnGoodput(change: Spread, noise: number): boolean {
  return change.least > 1 + noise || change.most < 1 - noise;
}
