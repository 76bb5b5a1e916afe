/** Median and spread (least and most) of repeated measurements. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** @throws Error where there is nothing to measure. */
export function spread(values: number[]): Spread {
  if (values.length === 0) throw new Error("no measurement was made");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], most: sorted[sorted.length - 1] };
}

export function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}

/** The smallest of the values that so many per cent of them do not exceed. */
export function percentile(values: number[], percent: number): number {
  if (values.length === 0) throw new Error("no measurement was made");
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}
