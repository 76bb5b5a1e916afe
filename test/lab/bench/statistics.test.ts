import { percentile, spread } from "../../../lab/bench/statistics";

describe("percentile", () => {
  const twenty = Array.from({ length: 20 }, (_, index) => index + 1).reverse();

  it("is a value that was measured, and so many per cent do not exceed it", () => {
    expect(percentile(twenty, 95)).toBe(19);
    expect(percentile(twenty, 50)).toBe(10);
    expect(percentile(twenty, 100)).toBe(20);
    expect(percentile(twenty, 0)).toBe(1);
  });

  it("of few values is the largest, not a guess between two", () => {
    expect(percentile([3, 1, 2], 95)).toBe(3);
    expect(percentile([7], 95)).toBe(7);
  });

  it("of nothing is an error, not a zero", () => {
    expect(() => percentile([], 95)).toThrow("no measurement was made");
  });
});

describe("spread", () => {
  it("gives the median, least and most, and leaves the values in their order", () => {
    const values = [4, 1, 3, 2];
    expect(spread(values)).toEqual({ median: 2.5, least: 1, most: 4 });
    expect(values).toEqual([4, 1, 3, 2]);
  });
});
