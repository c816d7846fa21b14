/** From values to pixels, with the ticks of an axis. Linear or logarithmic, for every finite number. */

export interface Scale {
  low: number;
  high: number;
  log: boolean;
  /** pixels of `low` and `high` */
  from: number;
  to: number;
}

/** lengths of an axis; what lies farther away is drawn there, where a canvas still draws exactly */
const FAR = 1e3;
/** parts of an axis: with them it has a dozen ticks at most */
const PARTS = 11;
const LOG_PARTS = 6;
/** the finest step, as a share of the largest number on the axis: ticks are rounded to twelve digits */
const FINEST = 1e-11;

export function scale(low: number, high: number, from: number, to: number, log = false): Scale {
  if (low < high) return { low, high, from, to, log };
  if (log) return { low: Math.max(Number.MIN_VALUE, low / 2), high: finite(high * 2), from, to, log };
  const pad = Math.abs(low) * 0.05 || 0.5;
  return { low: finite(low - pad), high: finite(high + pad), from, to, log };
}

export function toPixel({ low, high, from, to, log }: Scale, value: number): number {
  const place = log ? logRatio(value, low) / logRatio(high, low) : share(value, { low, high });
  return from + Math.min(FAR, Math.max(-FAR, place)) * (to - from);
}

/** Where a value lies: 0 at the low end, 1 at the high one. */
export function share(value: number, { low, high }: Extent): number {
  const whole = high - low;
  // the distance of two numbers may be too large for a number; that of their halves is not
  return Number.isFinite(whole) ? (value - low) / whole : (value / 2 - low / 2) / (high / 2 - low / 2);
}

/** The logarithm of `value / low`, also where the quotient itself is too large or too small for a number. */
function logRatio(value: number, low: number): number {
  if (value <= 0) return Number.NEGATIVE_INFINITY;
  const ratio = value / low;
  return ratio > 0 && Number.isFinite(ratio) ? Math.log(ratio) : Math.log(value) - Math.log(low);
}

function finite(value: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value));
}

/** Round values that divide an axis into about `wanted` parts; its ends where there are none. */
export function ticks({ low, high, log }: Scale, wanted: number): number[] {
  const found = log ? logTicks(low, high, Math.min(LOG_PARTS, wanted)) : linearTicks(low, high, Math.min(PARTS, wanted));
  return found.length > 0 ? found : [low, high];
}

function linearTicks(low: number, high: number, wanted: number): number[] {
  const parts = Math.max(1, wanted);
  const whole = high - low;
  const rough = Number.isFinite(whole) ? whole / parts : high / parts - low / parts;
  const step = niceStep(Math.max(rough, Math.max(Math.abs(low), Math.abs(high)) * FINEST));
  const last = Math.floor(high / step + 1e-9);
  const found: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at <= last; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

function niceStep(rough: number): number {
  const size = 10 ** Math.floor(Math.log10(rough));
  // there is no power of ten below the smallest numbers
  if (size === 0) return 10 * Number.MIN_VALUE;
  const factor = rough / size;
  return finite((factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * size);
}

function logTicks(low: number, high: number, wanted: number): number[] {
  const decades = logRatio(high, low) / Math.LN10;
  if (decades < 1) return linearTicks(low, high, wanted);
  const every = Math.max(1, Math.round(decades / wanted));
  const factors = decades < wanted / 2 ? [1, 2, 5] : [1];
  const [first, last] = [low * 0.999999, finite(high * 1.000001)];
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += every) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= first && tick <= last) found.push(tick);
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

/** A little air at both ends, as far as there are numbers. */
export function padded({ low, high }: Extent, log: boolean, part = 0.06): Extent {
  if (log) {
    const factor = Math.exp(logRatio(high, low) * part);
    return { low: Math.max(Number.MIN_VALUE, low / factor), high: finite(high * factor) };
  }
  const air = finite(high - low) * part;
  return { low: finite(low - air), high: finite(high + air) };
}
