/** All trials of the experiment as columns: filled by a snapshot, kept current by rows. Not reactive by itself. */

import { flatten } from "./flatten";
import { type Json, type Snapshot, STATES, type TrialRow } from "./protocol";

type Numbers = (number | null)[];

export class Trials {
  id: string[] = [];
  sequence: number[] = [];
  state: string[] = [];
  created: number[] = [];
  started: Numbers = [];
  ended: Numbers = [];
  attempt: number[] = [];
  exitCode: Numbers = [];
  signal: Numbers = [];
  message: (string | null)[] = [];
  value: Numbers = [];
  latest: Numbers = [];
  intermediates: number[] = [];
  metrics = new Map<string, Numbers>();
  parameters = new Map<string, Json[]>();
  #index = new Map<string, number>();

  get size(): number {
    return this.id.length;
  }

  /** Position of a trial in the columns, or undefined. */
  find(id: string): number | undefined {
    return this.#index.get(id);
  }

  load(snapshot: Snapshot): void {
    this.id = snapshot.id;
    this.sequence = snapshot.sequence_id;
    this.state = snapshot.state.map((at) => snapshot.states[at] ?? "UNKNOWN");
    this.created = snapshot.created_at;
    this.started = snapshot.started_at;
    this.ended = snapshot.ended_at;
    this.attempt = snapshot.attempt;
    this.exitCode = snapshot.exit_code;
    this.signal = snapshot.signal;
    this.message = snapshot.message;
    this.value = snapshot.value;
    this.latest = snapshot.latest;
    this.intermediates = snapshot.intermediate_count;
    this.metrics = new Map(Object.entries(snapshot.metrics));
    this.parameters = new Map(Object.entries(snapshot.parameters));
    this.#index = new Map(snapshot.id.map((id, at) => [id, at]));
  }

  /** Takes a trial as it stands now, known or new. */
  apply(row: TrialRow): void {
    let at = this.#index.get(row.id);
    if (at === undefined) {
      at = this.size;
      this.#index.set(row.id, at);
    }
    this.id[at] = row.id;
    this.sequence[at] = row.sequence_id;
    this.state[at] = row.state;
    this.created[at] = row.created_at;
    this.started[at] = row.started_at;
    this.ended[at] = row.ended_at;
    this.attempt[at] = row.attempt;
    this.exitCode[at] = row.exit_code;
    this.signal[at] = row.signal;
    this.message[at] = row.message;
    this.value[at] = row.value;
    this.latest[at] = row.latest;
    this.intermediates[at] = row.intermediate_count;
    put(this.metrics, at, Object.entries(row.metrics ?? {}), this.size);
    put(this.parameters, at, flatten(row.parameters), this.size);
  }

  /** Takes an intermediate report. */
  report(id: string, sequence: number, value: number | null): void {
    const at = this.#index.get(id);
    if (at === undefined) return;
    this.latest[at] = value;
    this.intermediates[at] = Math.max(this.intermediates[at] ?? 0, sequence + 1);
  }

  /** Seconds that a trial has run, until `now` when it still does; null before it started. */
  duration(at: number, now: number): number | null {
    const started = this.started[at];
    if (started === null || started === undefined) return null;
    return Math.max(0, ((this.ended[at] ?? now) - started) / 1000);
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = Object.fromEntries(STATES.map((name) => [name, 0]));
    for (const name of this.state) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }
}

function put<T>(columns: Map<string, (T | null)[]>, at: number, entries: Iterable<[string, T | null]>, size: number): void {
  for (const column of columns.values()) column[at] = null;
  for (const [name, value] of entries) {
    let column = columns.get(name);
    if (column === undefined) {
      column = new Array<T | null>(size).fill(null);
      columns.set(name, column);
    }
    column[at] = value;
  }
}

export interface History {
  /** positions of the trials that have a result, by sequence */
  at: number[];
  /** at each of them the best result of the trials that succeeded so far; null before the first */
  best: (number | null)[];
  /** positions of the trials that failed without a result */
  failed: number[];
}

export function history(trials: Trials, maximize: boolean): History {
  const order = bySequence(trials);
  const result: History = { at: [], best: [], failed: [] };
  let best: number | null = null;
  for (const at of order) {
    const value = trials.value[at] ?? null;
    if (value === null) {
      if (trials.state[at] === "FAILED") result.failed.push(at);
      continue;
    }
    const counts = trials.state[at] === "SUCCEEDED";
    if (counts && (best === null || (maximize ? value > best : value < best))) best = value;
    result.at.push(at);
    result.best.push(best);
  }
  return result;
}

function bySequence(trials: Trials): number[] {
  const order = trials.sequence.map((_, at) => at);
  const sorted = trials.sequence.every((sequence, at) => at === 0 || trials.sequence[at - 1]! < sequence);
  return sorted ? order : order.sort((a, b) => trials.sequence[a]! - trials.sequence[b]!);
}

/** Positions of the best trials that succeeded, best first. */
export function top(trials: Trials, maximize: boolean, amount: number): number[] {
  const sign = maximize ? -1 : 1;
  const better = (a: number, b: number) =>
    sign * (trials.value[a]! - trials.value[b]!) || trials.sequence[a]! - trials.sequence[b]!;
  const best: number[] = [];
  for (let at = 0; at < trials.size; at++) {
    if (trials.value[at] === null || trials.state[at] !== "SUCCEEDED") continue;
    if (best.length === amount && better(at, best[amount - 1]!) >= 0) continue;
    best.push(at);
    best.sort(better);
    if (best.length > amount) best.pop();
  }
  return best;
}
