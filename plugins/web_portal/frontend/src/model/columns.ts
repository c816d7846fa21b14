/** What a table of trials can show, sort by and filter on: one column a property, metric or parameter. */

import * as format from "./format";
import type { Json } from "./protocol";
import type { Trials } from "./trials";

export type Group = "trial" | "metric" | "parameter";

export interface Column {
  /** name in the address, in filters and in the head of the table */
  key: string;
  group: Group;
  numeric: boolean;
  /** pixels */
  width: number;
  raw(at: number): Json | undefined;
  text(at: number): string;
}

const SAMPLE = 200;

/** The columns of all trials; `now` gives the time for durations that still grow. */
export function columnsOf(trials: Trials, now: () => number): Column[] {
  const fixed = [
    number("#", 64, (at) => trials.sequence[at]),
    text("id", 84, (at) => trials.id[at]),
    text("status", 132, (at) => format.state(trials.state[at] ?? "")),
    measured("value", trials.value),
    measured("latest", trials.latest),
    seconds("duration", 96, (at) => trials.duration(at, now())),
    moment("started", 96, (at) => trials.started[at]),
    number("reports", 78, (at) => trials.intermediates[at]),
    number("exit", 64, (at) => trials.exitCode[at]),
    text("message", 220, (at) => trials.message[at]),
  ];
  const taken = new Set(fixed.map((column) => column.key));
  return [
    ...fixed,
    // a key that is text in every result has no numbers to show
    ...named(new Map([...trials.metrics].filter(([, values]) => values.some((value) => value !== null))), "metric", taken),
    ...named(trials.parameters, "parameter", taken),
  ];
}

/** Finds a column by its name, whatever its case. */
export function findColumn(columns: Column[], name: string): Column | undefined {
  const wanted = name.toLowerCase();
  return (
    columns.find((column) => column.key === name) ?? columns.find((column) => column.key.toLowerCase() === wanted)
  );
}

function named(source: Map<string, (Json | null)[]>, group: Group, taken: Set<string>): Column[] {
  return [...source].map(([name, values]) => {
    const key = taken.has(name) ? `${group}:${name}` : name;
    taken.add(key);
    const sample = values.slice(0, SAMPLE).filter((value) => value !== null && value !== undefined);
    const numeric = sample.length > 0 && sample.every((value) => typeof value === "number");
    const show = numeric ? format.aligned(sample as number[]) : format.anything;
    const longest = Math.max(key.length + 2, ...sample.map((value) => show(value).length));
    return {
      key,
      group,
      numeric,
      width: Math.min(200, Math.max(84, longest * 8 + 20)),
      raw: (at: number) => values[at],
      text: (at: number) => show(values[at]),
    };
  });
}

function base(key: string, width: number, numeric: boolean, raw: (at: number) => Json | undefined) {
  return { key, group: "trial" as const, width, numeric, raw, text: (at: number) => format.anything(raw(at)) };
}

function number(key: string, width: number, raw: (at: number) => number | null | undefined): Column {
  return base(key, width, true, raw);
}

function measured(key: string, values: (number | null)[]): Column {
  const show = format.aligned(values.slice(0, SAMPLE));
  return { ...base(key, 92, true, (at) => values[at]), text: (at) => show(values[at]) };
}

function text(key: string, width: number, raw: (at: number) => string | null | undefined): Column {
  return base(key, width, false, raw);
}

function seconds(key: string, width: number, raw: (at: number) => number | null): Column {
  return { ...base(key, width, true, raw), text: (at) => format.duration(raw(at)) };
}

function moment(key: string, width: number, raw: (at: number) => number | null | undefined): Column {
  return { ...base(key, width, true, raw), text: (at) => format.time(raw(at) ?? null) };
}
