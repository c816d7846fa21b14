/** The shapes of the manager's HTTP protocol, as this portal reads them. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export const STATES = [
  "WAITING",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
  "USER_CANCELED",
  "SYS_CANCELED",
  "EARLY_STOPPED",
  "UNKNOWN",
] as const;
export type TrialState = (typeof STATES)[number];

export interface Snapshot {
  epoch: string;
  cursor: number;
  /** names of the states that `state` points into */
  states: string[];
  id: string[];
  sequence_id: number[];
  state: number[];
  created_at: number[];
  started_at: (number | null)[];
  ended_at: (number | null)[];
  attempt: number[];
  exit_code: (number | null)[];
  signal: (number | null)[];
  message: (string | null)[];
  value: (number | null)[];
  latest: (number | null)[];
  intermediate_count: number[];
  /** extra keys of dict results */
  metrics: Record<string, (number | null)[]>;
  /** nested parameters are flattened: `outer` holds the choice, `outer/inner` its parameters */
  parameters: Record<string, Json[]>;
}

export interface TrialRow {
  id: string;
  sequence_id: number;
  state: string;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  attempt: number;
  exit_code: number | null;
  signal: number | null;
  message: string | null;
  value: number | null;
  latest: number | null;
  intermediate_count: number;
  metrics?: Record<string, number | null>;
  parameters: Record<string, Json>;
  directory?: string;
  /** the final report as given; floats that JSON cannot hold are tagged */
  final?: Json;
}

export interface MetricPoint {
  trial_id: string;
  sequence: number;
  value: number | null;
  timestamp: number;
}

export interface MetricColumns {
  sequence: number[];
  value: (number | null)[];
  timestamp: number[];
}

export interface Note {
  timestamp: number;
  level: string;
  message: string;
  trial_id: string | null;
}

export interface Limits {
  trial_concurrency: number;
  max_trial_number: number | null;
  /** seconds */
  max_experiment_duration: number | null;
}

export interface Objective {
  name: string;
  direction: "minimize" | "maximize";
}

export interface Experiment {
  id: string;
  name: string | null;
  state: string;
  reason: string;
  optimize_mode: string;
  /** the first is the value of a trial, the others stand among its metrics */
  objectives: Objective[];
  /** seconds of active running */
  duration: number;
  started_at: number;
  ended_at: number | null;
  directory: string;
  version: string;
  /** what the tuner says it is doing, and why; empty when it says nothing */
  tuner_remark: string;
  epoch: string;
  cursor: number;
  config: Record<string, Json>;
  limits: Limits;
  counts: Record<string, number>;
  role: string;
  notes: Note[];
}

/** Results with one value of a choice, or with a number in one part of its range. */
export interface Level {
  value: Json;
  low: number | null;
  high: number | null;
  count: number;
  mean: number;
  median: number;
  best: number;
}

export interface Effect {
  name: string;
  /** from 0 to 1 */
  importance: number;
  correlation: number | null;
  count: number;
  levels: Level[];
}

export interface Analysis {
  objective: string;
  direction: "minimize" | "maximize";
  count: number;
  best: number;
  budget: number | null;
  effects: Effect[];
  correlations: Record<string, number>;
  front: { trials: number[]; volume: number | null } | null;
}

export interface TrialsEvent {
  cursor: number;
  rows: TrialRow[];
}

export interface MetricsEvent {
  cursor: number;
  points: MetricPoint[];
}

const FINISHED = new Set(["DONE", "ERROR", "STOPPED", "VIEWED"]);

export function isFinished(experiment: Experiment): boolean {
  return FINISHED.has(experiment.state);
}

/** True once no trial will begin any more, unless somebody asks for more. */
export function isOver(experiment: Experiment): boolean {
  return isFinished(experiment) || experiment.state === "STOPPING";
}

/** What the value of a trial is called. One objective without a name of its own is just the value. */
export function valueName({ objectives }: Experiment): string {
  const first = objectives[0]?.name ?? "default";
  return first === "default" && objectives.length <= 1 ? "value" : first;
}

/** True while there is a manager that may be stopped. One that is done waits for more to do. */
export function isManaged(experiment: Experiment): boolean {
  return experiment.state !== "STOPPED" && experiment.state !== "VIEWED" && experiment.state !== "STOPPING";
}

/** True while other limits would change what happens: they bring one that is done back. */
export function takesLimits(experiment: Experiment): boolean {
  return isManaged(experiment) && experiment.state !== "ERROR";
}

/** True while something of the trial may still change. */
export function isLive(state: string): boolean {
  return state === "WAITING" || state === "RUNNING" || state === "UNKNOWN";
}
