/** What the page of a trial says of it beside its times: every key of its result, and how it went. */

import * as format from "./format";
import type { Json, TrialRow } from "./protocol";

export type Fact = [name: string, value: string];

/** keys of results that are called like these get another name */
const OWN = new Set(["final", "latest", "reports", "attempt", "exit code", "signal"]);

export function factsOf(row: TrialRow): Fact[] {
  const own: Fact[] = [
    ["latest", format.number(row.latest)],
    ["reports", String(row.intermediate_count)],
    ["attempt", String(row.attempt)],
  ];
  if (row.exit_code !== null) own.push(["exit code", String(row.exit_code)]);
  if (row.signal !== null) own.push(["signal", String(row.signal)]);
  const keys = Object.entries(dictOf(row.final)).filter(([key]) => key !== "default");
  const named = keys.map(([key, value]): Fact => [OWN.has(key) ? `metric:${key}` : key, format.anything(value)]);
  return [["final", final(row)], ...named, ...own];
}

/** The number that counts; the other keys of a dict are facts of their own. */
function final({ final, value }: TrialRow): string {
  if (final === undefined || final === null) return format.number(value);
  const dict = dictOf(final);
  return format.anything("default" in dict ? dict["default"] : final);
}

function dictOf(final: Json | undefined): Record<string, Json> {
  const isDict = final !== undefined && final !== null && typeof final === "object" && !Array.isArray(final);
  return isDict && format.taggedFloat(final) === null ? final : {};
}
