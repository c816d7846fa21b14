/** The experiment as this page knows it: a snapshot, kept current by the hub. The one reactive source of all views. */

import { type Experiment, isOver, type MetricPoint, type Snapshot, type TrialRow } from "../model/protocol";
import { Trials } from "../model/trials";
import { connect, type Say } from "./connect";
import type { LinkState, ToPage } from "./messages";
import { read, RequestError } from "./request";

/** milliseconds between redraws: calm for few trials, cheap for many */
const REDRAW = 120;
const REDRAW_MANY = 500;
const MANY = 20_000;
const RETRY = 2_000;

type RowListener = (row: TrialRow) => void;
type PointListener = (point: MetricPoint) => void;

export class Session {
  readonly trials = new Trials();
  /** counts the changes of `trials`: read it to be told of them */
  version = $state(0);
  experiment = $state.raw<Experiment | null>(null);
  loaded = $state(false);
  /** why nothing can be shown, for people */
  failure = $state<string | null>(null);
  link = $state.raw<LinkState>({ state: "connecting", lastSeen: null, reason: null });
  /** ticks once a second, for durations; halts while the link is lost: what goes on then is not known */
  now = $state(Date.now());
  /** ticks once a second, whatever becomes of the link */
  clock = $state(Date.now());
  /** epoch of the manager that has taken this page's request to stop: word of the end may not come through */
  #stopped = $state<string | null>(null);
  #rows = new Set<RowListener>();
  #points = new Set<PointListener>();
  #waiting: ToPage[] | null = [];
  #epoch = "";
  #cursor = -1;
  #loading = false;
  #again = false;
  #redraw: ReturnType<typeof setTimeout> | undefined;
  #say: Say = () => {};

  start(): void {
    this.#say = connect((message) => this.#hear(message), () => this.#join());
    document.addEventListener("visibilitychange", () => this.#say({ kind: "visible", visible: !document.hidden }));
    window.addEventListener("pagehide", () => this.#say({ kind: "leave" }));
    window.addEventListener("pageshow", (event) => event.persisted && this.#join());
    setInterval(() => this.#tick(), 1000);
    this.#join();
  }

  /** Tries to reach the manager at once. */
  retry(): void {
    this.#say({ kind: "retry" });
    if (!this.loaded) void this.#load();
  }

  /** True once no trial will begin any more, as far as this page knows. */
  get over(): boolean {
    return this.experiment !== null && (isOver(this.experiment) || this.experiment.epoch === this.#stopped);
  }

  /** The manager has taken a request to stop. */
  stopTaken(): void {
    this.#stopped = this.experiment?.epoch ?? null;
  }

  onRow(listener: RowListener): () => void {
    this.#rows.add(listener);
    return () => this.#rows.delete(listener);
  }

  onPoint(listener: PointListener): () => void {
    this.#points.add(listener);
    return () => this.#points.delete(listener);
  }

  #tick(): void {
    this.clock = Date.now();
    if (this.link.state !== "lost") this.now = this.clock;
  }

  #join(): void {
    this.#say({ kind: "join", visible: !document.hidden });
    void this.#load();
  }

  async #load(): Promise<void> {
    if (this.#loading) {
      this.#again = true;
      return;
    }
    this.#loading = true;
    this.#waiting ??= [];
    try {
      const [experiment, snapshot] = await Promise.all([
        read<Experiment>("experiment"),
        read<Snapshot>("trials?layout=columns"),
      ]);
      this.#take(experiment, snapshot);
    } catch (reason) {
      this.failure = reason instanceof RequestError ? reason.message : `cannot read the experiment: ${String(reason)}`;
      setTimeout(() => void this.#load(), RETRY);
    } finally {
      this.#loading = false;
    }
    if (this.#again) {
      this.#again = false;
      void this.#load();
    }
  }

  #take(experiment: Experiment, snapshot: Snapshot): void {
    this.experiment = experiment;
    this.trials.load(snapshot);
    this.#epoch = snapshot.epoch;
    this.#cursor = snapshot.cursor;
    this.failure = null;
    this.loaded = true;
    this.version++;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    this.#say({ kind: "from", epoch: snapshot.epoch, cursor: snapshot.cursor });
    for (const message of waiting) this.#hear(message);
  }

  #hear(message: ToPage): void {
    if (message.kind === "link") this.link = message.link;
    else if (message.kind === "reset") void this.#load();
    else if (this.#waiting !== null) this.#waiting.push(message);
    else if (message.kind === "experiment") this.experiment = message.document;
    else if (message.epoch === this.#epoch && message.event.cursor > this.#cursor) this.#change(message);
  }

  #change(message: Extract<ToPage, { event: unknown }>): void {
    if (message.kind === "trials") {
      for (const row of message.event.rows) {
        this.trials.apply(row);
        for (const listener of this.#rows) listener(row);
      }
    } else {
      for (const point of message.event.points) {
        this.trials.report(point.trial_id, point.sequence, point.value);
        for (const listener of this.#points) listener(point);
      }
    }
    this.#redraw ??= setTimeout(() => this.#show(), this.trials.size > MANY ? REDRAW_MANY : REDRAW);
  }

  #show(): void {
    this.#redraw = undefined;
    this.version++;
  }
}

export const session = new Session();
