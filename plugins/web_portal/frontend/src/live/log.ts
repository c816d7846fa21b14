/** Follows a log by its byte offset. */

import { request } from "./request";

export interface LogPiece {
  text: string;
  /** bytes in the whole log */
  size: number;
  /** where the next piece begins */
  next: number;
}

const LIMIT = 262_144;

export class LogReader {
  #next: number;
  #decoder = new TextDecoder();

  /** `start`: offset of the first byte; counted from the end when negative. */
  constructor(
    readonly path: string,
    start: number,
  ) {
    this.#next = start;
  }

  async read(signal: AbortSignal): Promise<LogPiece> {
    const response = await request(`${this.path}?offset=${this.#next}&limit=${LIMIT}`, { signal });
    const bytes = await response.arrayBuffer();
    const next = Number(response.headers.get("X-Log-Next-Offset"));
    const size = Number(response.headers.get("X-Log-Size"));
    // a log that has become shorter was begun anew
    this.#next = next > size ? 0 : next;
    return { text: this.#decoder.decode(bytes, { stream: true }), size, next };
  }
}
