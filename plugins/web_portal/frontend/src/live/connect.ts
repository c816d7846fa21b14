/** Finds the way to the hub: a SharedWorker, else the leading page of this browser, else a hub of this page's own. */

import { api } from "./address";
import { Hub, type Listener } from "./hub";
import type { ToHub, ToPage } from "./messages";
import workerAddress from "./shared.worker.ts?worker&url";

export type Say = (message: ToHub) => void;
export type Hear = (message: ToPage) => void;

/** `rejoin` is called when the hub has moved elsewhere: join again, fetch the snapshot again. */
export function connect(hear: Hear, rejoin: () => void): Say {
  const url = api("events");
  if (typeof SharedWorker !== "undefined") return throughWorker(url, hear, rejoin);
  if ("locks" in navigator && typeof BroadcastChannel !== "undefined") return throughLeader(url, hear, rejoin);
  return alone(url, hear);
}

function throughWorker(url: string, hear: Hear, rejoin: () => void): Say {
  const worker = new SharedWorker(trusted(workerAddress), { type: "module", name: url });
  let say: Say = (message) => worker.port.postMessage(message);
  worker.port.onmessage = ({ data }: MessageEvent<ToPage>) => hear(data);
  worker.onerror = () => {
    say = alone(url, hear);
    rejoin();
  };
  return (message) => say(message);
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
}

/** The page lets only addresses that this policy has passed be run (Trusted Types): the worker's, and no other. */
function trusted(address: string): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  const createScriptURL = (url: string) => {
    if (url !== address) throw new TypeError(`not a script of the portal: ${url}`);
    return url;
  };
  return types?.createPolicy("portal", { createScriptURL }).createScriptURL(address) ?? address;
}

function alone(url: string, hear: Hear): Say {
  const hub = new Hub(url);
  const listener: Listener = { send: hear };
  return (message) => hub.receive(listener, message);
}

type Letter =
  | { to: "hub"; from: string; message: ToHub }
  | { to: string; message: ToPage }
  | { to: "all"; leader: string };

function throughLeader(url: string, hear: Hear, rejoin: () => void): Say {
  const me = crypto.randomUUID();
  const channel = new BroadcastChannel(url);
  let say: Say = (message) => channel.postMessage({ to: "hub", from: me, message } satisfies Letter);
  channel.onmessage = ({ data }: MessageEvent<Letter>) => {
    if ("leader" in data) rejoin();
    else if (data.to === me && !("from" in data)) hear(data.message);
  };
  void navigator.locks.request(url, () => {
    say = lead(url, channel, hear);
    channel.postMessage({ to: "all", leader: me } satisfies Letter);
    rejoin();
    return new Promise<never>(() => {});
  });
  return (message) => say(message);
}

/** Makes this page the leader, until it is closed. */
function lead(url: string, channel: BroadcastChannel, hear: Hear): Say {
  const hub = new Hub(url);
  const pages = new Map<string, Listener>();
  const own: Listener = { send: hear };
  const before = channel.onmessage;
  channel.onmessage = function (event: MessageEvent<Letter>) {
    const letter = event.data;
    if (!("from" in letter)) return before?.call(channel, event);
    const page = pages.get(letter.from) ?? { send: (message: ToPage) => channel.postMessage({ to: letter.from, message }) };
    pages.set(letter.from, page);
    hub.receive(page, letter.message);
  };
  return (message) => hub.receive(own, message);
}
