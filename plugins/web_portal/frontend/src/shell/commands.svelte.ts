/** What the user asks of the manager, and the short messages that say how it went. */

import { RequestError, send } from "../live/request";

export interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const SHOWN = 5_000;
const SHOWN_BAD = 20_000;

class Commands {
  toasts = $state<Toast[]>([]);
  #next = 0;

  say(text: string, bad = false): void {
    const id = this.#next++;
    this.toasts.push({ id, text, bad });
    setTimeout(() => this.dismiss(id), bad ? SHOWN_BAD : SHOWN);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  kill(id: string, sequence: number): Promise<boolean> {
    return this.#try(`trial #${sequence} is being ended`, `trial #${sequence} was not ended`, () =>
      send("POST", `trials/${encodeURIComponent(id)}/kill`),
    );
  }

  stop(): Promise<boolean> {
    return this.#try("the experiment is stopping", "the experiment was not stopped", () => send("POST", "experiment/stop"));
  }

  async #try(done: string, failed: string, action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      this.say(done);
      return true;
    } catch (reason) {
      if (!(reason instanceof RequestError)) throw reason;
      this.say(`${failed}: ${reason.message}`, true);
      return false;
    }
  }
}

export const commands = new Commands();
