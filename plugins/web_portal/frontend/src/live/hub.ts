/**
 * The one event stream of a browser, shared by all its pages.
 *
 * Runs in a SharedWorker, or in the page that leads the others where there is none. It keeps no trials: pages fetch
 * their own snapshot and drop the events that are older than it.
 */

import type { LinkState, ToHub, ToPage } from "./messages";
import { EventParser, type ServerEvent } from "./sse";

export interface Listener {
  send(message: ToPage): void;
}

interface Position {
  epoch: string;
  cursor: number;
}

const FIRST_RETRY = 500;
const LAST_RETRY = 8_000;
/** the server sends a comment every 15 s: after two and a half of them the line is dead */
const SILENCE = 38_000;
/** a page that is only glanced away from keeps its stream */
const LINGER = 20_000;

export class Hub {
  readonly #url: string;
  readonly #listeners = new Map<Listener, { visible: boolean }>();
  #opened: Position | null = null;
  #position: Position | null = null;
  #abort: AbortController | null = null;
  #retry = FIRST_RETRY;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #link: LinkState = { state: "connecting", lastSeen: null, reason: null };

  constructor(url: string) {
    this.#url = url;
  }

  receive(from: Listener, message: ToHub): void {
    switch (message.kind) {
      case "join":
        this.#listeners.set(from, { visible: message.visible });
        from.send({ kind: "link", link: this.#link });
        return this.#attend();
      case "from":
        return this.#start(from, message);
      case "visible":
        this.#listeners.set(from, { visible: message.visible });
        return this.#attend();
      case "retry":
        this.#retry = FIRST_RETRY;
        if (this.#link.state === "lost") this.#open();
        return;
      case "leave":
        this.#listeners.delete(from);
        return this.#attend();
    }
  }

  #start(from: Listener, { epoch, cursor }: Position): void {
    const opened = this.#opened;
    if (opened !== null && opened.epoch === epoch) {
      // its snapshot is older than the stream: what lies between would be missing
      if (cursor < opened.cursor) from.send({ kind: "reset" });
      return;
    }
    this.#opened = { epoch, cursor };
    this.#position = { epoch, cursor };
    for (const other of this.#listeners.keys()) if (opened !== null && other !== from) other.send({ kind: "reset" });
    this.#open();
  }

  /** Opens or closes the stream, by whether anybody is looking. */
  #attend(): void {
    clearTimeout(this.#lingerTimer);
    if ([...this.#listeners.values()].some((page) => page.visible)) {
      if (this.#link.state === "paused") this.#open();
      return;
    }
    this.#lingerTimer = setTimeout(() => this.#pause(), this.#listeners.size === 0 ? 0 : LINGER);
  }

  #pause(): void {
    this.#close();
    if (this.#listeners.size === 0) this.#opened = this.#position = null;
    this.#tell({ ...this.#link, state: "paused", reason: null });
  }

  #close(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#silenceTimer);
    this.#abort?.abort();
    this.#abort = null;
  }

  #open(): void {
    this.#close();
    if (this.#position === null) return this.#tell({ ...this.#link, state: "connecting" });
    const abort = new AbortController();
    this.#abort = abort;
    this.#listen(this.#position, abort).then(
      () => this.#lost(abort, "the manager closed the stream"),
      (reason: unknown) => this.#lost(abort, reason instanceof Error ? reason.message : String(reason)),
    );
  }

  #lost(abort: AbortController, reason: string): void {
    if (abort !== this.#abort) return;
    this.#close();
    this.#tell({ ...this.#link, state: "lost", reason });
    this.#retryTimer = setTimeout(() => this.#open(), this.#retry);
    this.#retry = Math.min(LAST_RETRY, this.#retry * 2);
  }

  async #listen({ epoch, cursor }: Position, abort: AbortController): Promise<void> {
    this.#expectBytes(abort);
    const response = await fetch(`${this.#url}?cursor=${cursor}`, {
      headers: { Accept: "text/event-stream", "Last-Event-ID": `${epoch}-${cursor}` },
      cache: "no-store",
      credentials: "same-origin",
      signal: abort.signal,
    });
    if (!response.ok || response.body === null) throw new Error(`the manager answered ${response.status}`);
    this.#retry = FIRST_RETRY;
    this.#tell({ state: "live", lastSeen: Date.now(), reason: null });
    const parser = new EventParser();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || abort.signal.aborted) return;
      this.#link.lastSeen = Date.now();
      this.#expectBytes(abort);
      for (const event of parser.feed(decoder.decode(value, { stream: true }))) this.#take(event);
    }
  }

  #expectBytes(abort: AbortController): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      this.#lost(abort, "the manager has gone silent");
      abort.abort();
    }, SILENCE);
  }

  #take(event: ServerEvent): void {
    const position = parsePosition(event.id);
    if (event.type === "reset" || (position !== null && position.epoch !== this.#position?.epoch)) return this.#reset();
    if (position !== null) this.#position = position;
    const epoch = this.#position?.epoch ?? "";
    const data = JSON.parse(event.data);
    if (event.type === "trials") this.#broadcast({ kind: "trials", epoch, event: data });
    else if (event.type === "metrics") this.#broadcast({ kind: "metrics", epoch, event: data });
    else if (event.type === "experiment") this.#broadcast({ kind: "experiment", document: data });
  }

  #reset(): void {
    this.#close();
    this.#opened = this.#position = null;
    this.#tell({ ...this.#link, state: "connecting" });
    this.#broadcast({ kind: "reset" });
  }

  #tell(link: LinkState): void {
    this.#link = link;
    this.#broadcast({ kind: "link", link });
  }

  #broadcast(message: ToPage): void {
    for (const listener of this.#listeners.keys()) listener.send(message);
  }
}

function parsePosition(id: string): Position | null {
  const dash = id.lastIndexOf("-");
  const cursor = Number(id.slice(dash + 1));
  return dash < 1 || !Number.isInteger(cursor) ? null : { epoch: id.slice(0, dash), cursor };
}
