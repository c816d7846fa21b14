/** What a page and the hub say to each other. Plain data: it crosses threads and tabs. */

import type { Experiment, MetricsEvent, TrialsEvent } from "../model/protocol";

export type ToHub =
  /** listen; sent before the snapshot is fetched, so that nothing falls between */
  | { kind: "join"; visible: boolean }
  /** the snapshot is here, as of this cursor */
  | { kind: "from"; epoch: string; cursor: number }
  | { kind: "visible"; visible: boolean }
  /** try again now */
  | { kind: "retry" }
  | { kind: "leave" };

export interface LinkState {
  state: "connecting" | "live" | "paused" | "lost";
  /** milliseconds since the epoch when the manager was last heard; null when never */
  lastSeen: number | null;
  /** why the link is lost, for people */
  reason: string | null;
}

export type ToPage =
  | { kind: "trials"; epoch: string; event: TrialsEvent }
  | { kind: "metrics"; epoch: string; event: MetricsEvent }
  | { kind: "experiment"; document: Experiment }
  /** what was known is void: fetch the snapshot again and say `from` */
  | { kind: "reset" }
  | { kind: "link"; link: LinkState };
