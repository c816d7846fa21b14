/** One trial with its intermediate results, kept current by the session. */

import type { MetricColumns, TrialRow } from "../model/protocol";
import { read, RequestError } from "./request";
import { session } from "./session.svelte";

export class Detail {
  row = $state.raw<TrialRow | null>(null);
  sequence = $state.raw<number[]>([]);
  value = $state.raw<(number | null)[]>([]);
  /** why there is nothing to show, for people */
  failure = $state<string | null>(null);
  missing = $state(false);

  constructor(readonly id: string) {}

  /** Reads the trial and listens for its changes. Returns the release. */
  start(): () => void {
    const abort = new AbortController();
    const releases = [
      session.onRow((row) => row.id === this.id && (this.row = { ...this.row, ...row })),
      session.onPoint((point) => point.trial_id === this.id && this.#add(point.sequence, point.value)),
    ];
    void this.#load(abort.signal);
    return () => {
      abort.abort();
      for (const release of releases) release();
    };
  }

  async #load(signal: AbortSignal): Promise<void> {
    const path = `trials/${encodeURIComponent(this.id)}`;
    try {
      const [row, metrics] = await Promise.all([
        read<TrialRow>(path, { signal }),
        read<MetricColumns>(`${path}/metrics`, { signal }),
      ]);
      const early = this.sequence.map((sequence, at) => [sequence, this.value[at] ?? null] as const);
      this.row = row;
      this.sequence = metrics.sequence;
      this.value = metrics.value;
      for (const [sequence, value] of early) this.#add(sequence, value);
      this.failure = null;
    } catch (reason) {
      if (signal.aborted) return;
      this.missing = reason instanceof RequestError && reason.status === 404;
      this.failure = reason instanceof Error ? reason.message : String(reason);
    }
  }

  #add(sequence: number, value: number | null): void {
    const known = this.sequence.lastIndexOf(sequence);
    if (known >= 0) return;
    this.sequence = [...this.sequence, sequence];
    this.value = [...this.value, value];
  }
}
