import { expect, test } from "vitest";
import { extent, padded, scale, share, ticks, toPixel } from "./scale";

const MAX = Number.MAX_VALUE;
const MIN = Number.MIN_VALUE;

test("an axis has round ticks, in their places", () => {
  const linear = scale(0, 10, 100, 200);
  expect(ticks(linear, 5)).toEqual([0, 2, 4, 6, 8, 10]);
  expect([0, 2.5, 10].map((value) => toPixel(linear, value))).toEqual([100, 125, 200]);
  const log = scale(1, 1e4, 0, 400, true);
  expect(ticks(log, 6)).toEqual([1, 10, 100, 1e3, 1e4]);
  expect([1, 100, 1e4].map((value) => toPixel(log, value))).toEqual([0, 200, 400]);
  expect(ticks(scale(2, 30, 0, 1, true), 6)).toEqual([2, 5, 10, 20]);
});

test("an axis of a single value has it in the middle", () => {
  expect(toPixel(scale(3, 3, 0, 100), 3)).toBeCloseTo(50);
  expect(toPixel(scale(3, 3, 0, 100, true), 3)).toBeCloseTo(50);
});

const EXTREMES: number[][] = [
  [0, 0], [0, MIN], [MIN, MIN], [0, 1e-320], [1e-320, 1e-320], [MIN, 1e-300], [-MIN, MIN], [0, 16 * MIN],
  [1, 1 + Number.EPSILON], [1e300, 1.0000000000000002e300], [-1e-9 - 1, -1], [0.1, 0.1], [7, 7],
  [1, 1e295], [MIN, MAX], [0, MAX], [-MAX, MAX], [MAX, MAX], [-MAX, -MAX], [1e308, 1e308], [-1e308, -1e308], [-1e308, 1e308], [1e-300, 1e308], [1e308, MAX],
];

test.each(EXTREMES.flatMap(([low, high]) => [[low!, high!, false], [low!, high!, true]] as const).filter(([low, , log]) => !log || low > 0))(
  "from %s to %s, log %s: ends, ticks and places are numbers",
  (low, high, log) => {
    const air = padded({ low, high }, log);
    const axis = scale(air.low, air.high, 300, 0, log);
    expect([axis.low, axis.high].every(Number.isFinite)).toBe(true);
    expect(axis.low).toBeLessThan(axis.high);
    for (const value of [low, high]) {
      const place = toPixel(axis, value);
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThanOrEqual(300);
    }
    for (const wanted of [1, 2, 6, 30]) {
      const found = ticks(axis, wanted);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThanOrEqual(12);
      expect(new Set(found).size).toBe(found.length);
      for (const tick of found) {
        expect(Number.isFinite(tick)).toBe(true);
        expect(toPixel(axis, tick)).toBeGreaterThanOrEqual(-1);
        expect(toPixel(axis, tick)).toBeLessThanOrEqual(301);
      }
    }
    for (const value of [-MAX, 0, MIN, 1, MAX]) expect(Number.isFinite(toPixel(axis, value))).toBe(true);
  },
);

test("the share of a range is right where its width is no number", () => {
  expect([-MAX, 0, MAX].map((value) => share(value, { low: -MAX, high: MAX }))).toEqual([0, 0.5, 1]);
  expect(share(MIN, { low: 0, high: MIN })).toBe(1);
});

test("what is not finite has no extent", () => {
  expect(extent([null, Number.NaN, Number.POSITIVE_INFINITY])).toBeNull();
  expect(extent([2, null, -1, Number.NaN])).toEqual({ low: -1, high: 2 });
});
