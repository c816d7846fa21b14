/** From values to pixels and back, with the ticks of an axis. Linear or logarithmic. */

export interface Scale {
  low: number;
  high: number;
  log: boolean;
  /** pixels of `low` and `high` */
  from: number;
  to: number;
}

export function scale(low: number, high: number, from: number, to: number, log = false): Scale {
  if (low === high) {
    const pad = log ? low * 0.5 : Math.abs(low) * 0.05 || 0.5;
    return { low: low - pad, high: high + pad, from, to, log };
  }
  return { low, high, from, to, log };
}

export function toPixel({ low, high, from, to, log }: Scale, value: number): number {
  const place = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return from + place * (to - from);
}

export function toValue({ low, high, from, to, log }: Scale, pixel: number): number {
  const place = (pixel - from) / (to - from);
  return log ? low * (high / low) ** place : low + place * (high - low);
}

/** Round values that divide an axis into about `wanted` parts. */
export function ticks({ low, high, log }: Scale, wanted: number): number[] {
  if (log) return logTicks(low, high, wanted);
  const step = niceStep((high - low) / Math.max(1, wanted));
  const first = Math.ceil(low / step - 1e-9);
  const found: number[] = [];
  for (let at = first; at * step <= high + step * 1e-9; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

function niceStep(rough: number): number {
  const size = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / size;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * size;
}

function logTicks(low: number, high: number, wanted: number): number[] {
  const decades = Math.log10(high / low);
  if (decades < 1) return ticks({ low, high, log: false, from: 0, to: 0 }, wanted);
  const every = Math.max(1, Math.round(decades / wanted));
  const factors = decades < wanted / 2 ? [1, 2, 5] : [1];
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += every) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low * 0.999999 && tick <= high * 1.000001) found.push(tick);
    }
  }
  return found;
}

export interface Extent {
  low: number;
  high: number;
}

/** Smallest and largest finite value, or null when there is none. */
export function extent(values: Iterable<number | null>): Extent | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : null;
}

/** The range of the better part of the values, so that a few bad trials do not flatten the rest. */
export function focus(values: number[], maximize: boolean, share = 0.75): Extent | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const kept = Math.max(1, Math.round(sorted.length * share));
  return maximize
    ? { low: sorted[sorted.length - kept]!, high: sorted[sorted.length - 1]! }
    : { low: sorted[0]!, high: sorted[kept - 1]! };
}

/** A little air at both ends. */
export function padded({ low, high }: Extent, log: boolean, share = 0.06): Extent {
  if (log) {
    const factor = (high / low) ** share;
    return { low: low / factor, high: high * factor };
  }
  const air = (high - low) * share;
  return { low: low - air, high: high + air };
}
