/** Nested parameters as flat columns: `{"layer": {"_name": "conv", "k": 3}}` is `layer` = conv and `layer/k` = 3. */

import type { Json } from "./protocol";

export function flatten(parameters: Record<string, Json>): Map<string, Json> {
  const flat = new Map<string, Json>();
  collect(parameters, "", flat);
  return flat;
}

function collect(parameters: Record<string, Json>, prefix: string, flat: Map<string, Json>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (!isBranch(value)) {
      flat.set(prefix + name, value);
      continue;
    }
    const { _name, ...inner } = value;
    flat.set(prefix + name, _name ?? null);
    collect(inner, `${prefix}${name}/`, flat);
  }
}

function isBranch(value: Json): value is { [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value) && "_name" in value;
}
