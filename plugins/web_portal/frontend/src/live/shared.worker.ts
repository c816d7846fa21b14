/** The hub in a thread that all pages of the portal share. Its name is the address of the event stream. */

import { Hub } from "./hub";
import type { ToHub } from "./messages";

declare const self: SharedWorkerGlobalScope;

const hub = new Hub(self.name);

self.onconnect = ({ ports: [port] }) => {
  if (port === undefined) return;
  const listener = { send: (message: unknown) => port.postMessage(message) };
  port.onmessage = ({ data }: MessageEvent<ToHub>) => hub.receive(listener, data);
};
