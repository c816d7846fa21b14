/** How values look: numbers short and aligned, durations and times for people. */

import type { Json } from "./protocol";

export const NOTHING = "–";

/** A number with up to `digits` significant digits, in exponent form only when that is shorter to read. */
export function number(value: number | null | undefined, digits = 5): string {
  if (value === null || value === undefined) return NOTHING;
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return minus(String(value));
  if (size < 1e-4 || size >= 1e9) return minus(trimmed(value.toExponential(digits - 2)));
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return minus(trimmed(value.toFixed(Math.min(places, 12))));
}

/**
 * How the numbers of one column are written: with the same decimals where they are of one size, so that they line up.
 * A value that would lose its digits that way is written as `anything` writes it.
 */
export function aligned(sample: (number | null)[]): (value: Json | undefined) => string {
  const sizes = sample.filter((value) => value !== null && value !== 0 && Number.isFinite(value)).map((value) => Math.abs(value!));
  const most = Math.max(...sizes);
  const alike = sizes.length > 1 && sizes.every((size) => size >= most / 1e3) && most < 1e6 && most >= 1e-2;
  if (!alike || sample.every((value) => value === null || Number.isInteger(value))) return anything;
  const places = Math.max(1, 4 - Math.max(-1, Math.floor(Math.log10(most))));
  return (value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return anything(value);
    const size = Math.abs(value);
    return size >= 1e9 || (size !== 0 && size < 10 ** (1 - places)) ? number(value) : minus(value.toFixed(places));
  };
}

function trimmed(text: string): string {
  const [mantissa = "", exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace("+", "")}`;
}

function minus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

/** Any value of a parameter or a report. Tagged floats are shown as what they are. */
export function anything(value: Json | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return value;
  const float = taggedFloat(value);
  return float === null ? JSON.stringify(value, untagged) : number(float);
}

function untagged(_key: string, value: Json): Json {
  const float = taggedFloat(value);
  return float === null ? value : number(float);
}

/** The number inside `{"$float": "nan"}` and its like, or null. */
export function taggedFloat(value: Json): number | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  const tag = value["$float"];
  if (tag === "nan") return Number.NaN;
  if (tag === "inf") return Number.POSITIVE_INFINITY;
  return tag === "-inf" ? Number.NEGATIVE_INFINITY : null;
}

/** Seconds as the two largest units that matter. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return NOTHING;
  const whole = Math.max(0, seconds);
  if (whole < 10) return `${whole.toFixed(1)} s`;
  if (whole < 60) return `${Math.floor(whole)} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(Math.floor(whole % 60))} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(whole / 86400)} d ${pad(Math.floor((whole % 86400) / 3600))} h`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** Seconds from `90`, `90s`, `1h 30m`, `2d`; null for nothing; undefined when it is none of these. */
export function parseDuration(text: string): number | null | undefined {
  const words = text.trim().toLowerCase();
  if (words === "") return null;
  if (/^\d+(\.\d+)?$/.test(words)) return Number(words);
  if (!/^(\d+(\.\d+)?\s*[smhd]\s*)+$/.test(words)) return undefined;
  const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };
  let total = 0;
  for (const [, amount, unit] of words.matchAll(/(\d+(?:\.\d+)?)\s*([smhd])/g)) total += Number(amount) * units[unit!]!;
  return total;
}

/** Seconds as `parseDuration` reads them back. */
export function durationInput(seconds: number | null): string {
  if (seconds === null) return "";
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60]] as const) {
    if (rest >= size) parts.push(`${Math.floor(rest / size)}${unit}`);
    rest %= size;
  }
  if (rest > 0 || parts.length === 0) parts.push(`${Number(rest.toFixed(3))}s`);
  return parts.join(" ");
}

/** Clock time, with the date when it is not today. */
export function time(timestamp: number | null, now = Date.now()): string {
  if (timestamp === null) return NOTHING;
  const date = new Date(timestamp);
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  if (date.toDateString() === new Date(now).toDateString()) return clock;
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
}

/** `USER_CANCELED` for people. */
export function state(name: string): string {
  return name.toLowerCase().replaceAll("_", " ");
}

/** `1 trial`, `2 trials`. */
export function count(amount: number, noun: string): string {
  return `${amount.toLocaleString("en")} ${noun}${amount === 1 ? "" : "s"}`;
}
