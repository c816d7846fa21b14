/** What the search space says of a parameter: enough to show where a value lies in its range. */

import type { Json } from "./protocol";

export interface Range {
  /** position of the value in its range, 0 to 1, or null when it has no place in it */
  place: number | null;
  /** the range in words */
  label: string;
}

const LOG = new Set(["loguniform", "qloguniform"]);
const BOUNDED = new Set(["uniform", "quniform", "randint", ...LOG]);

/** `name` is flat (`outer/inner`); `flat` gives the choice that each outer parameter made. */
export function rangeOf(space: Json | undefined, name: string, flat: Map<string, Json>): Range | null {
  const entry = lookUp(space, name.split("/"), "", flat);
  if (entry === null) return null;
  const kind = String(entry["_type"]);
  const bounds = Array.isArray(entry["_value"]) ? entry["_value"] : [];
  const value = flat.get(name);
  if (kind === "choice") return choice(bounds, value);
  const [low, high] = bounds;
  if (!BOUNDED.has(kind)) return { place: null, label: `${kind} ${bounds.join(", ")}` };
  if (typeof low !== "number" || typeof high !== "number") return null;
  return { place: place(value, low, high, LOG.has(kind)), label: `${kind} ${low} … ${high}` };
}

function choice(options: Json[], value: Json | undefined): Range {
  const names = options.map((option) => (isRecord(option) && "_name" in option ? option["_name"] : option));
  const found = names.findIndex((option) => JSON.stringify(option) === JSON.stringify(value));
  const label = names.length > 6 ? `one of ${names.length}` : names.map((item) => plain(item)).join(" · ");
  return { place: found < 0 || names.length < 2 ? null : found / (names.length - 1), label };
}

function place(value: Json | undefined, low: number, high: number, log: boolean): number | null {
  if (typeof value !== "number" || high <= low) return null;
  if (!log) return clamp((value - low) / (high - low));
  return low > 0 && value > 0 ? clamp(Math.log(value / low) / Math.log(high / low)) : null;
}

function lookUp(space: Json | undefined, path: string[], prefix: string, flat: Map<string, Json>): Record<string, Json> | null {
  // a name may itself hold a slash, so the longest match wins
  for (let length = path.length; length > 0; length--) {
    const key = path.slice(0, length).join("/");
    const entry = isRecord(space) ? space[key] : undefined;
    if (!isRecord(entry)) continue;
    if (length === path.length) return entry;
    const chosen = flat.get(prefix + key);
    const options = Array.isArray(entry["_value"]) ? entry["_value"] : [];
    const branch = options.find((option) => isRecord(option) && option["_name"] === chosen);
    return lookUp(branch, path.slice(length), `${prefix}${key}/`, flat);
  }
  return null;
}

function isRecord(value: Json | undefined): value is Record<string, Json> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function plain(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
