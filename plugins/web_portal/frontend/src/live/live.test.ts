import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Hub } from "./hub";
import type { ToPage } from "./messages";
import { EventParser } from "./sse";

test("events survive being cut anywhere", () => {
  const stream = ": hello\n\nid: e1-4\nevent: trials\ndata: {\"a\":\ndata: 1}\n\nevent: reset\r\ndata: x\r\n\r\n";
  for (let cut = 0; cut <= stream.length; cut++) {
    const parser = new EventParser();
    const events = [...parser.feed(stream.slice(0, cut)), ...parser.feed(stream.slice(cut))];
    expect(events).toEqual([
      { type: "trials", data: '{"a":\n1}', id: "e1-4" },
      { type: "reset", data: "x", id: "e1-4" },
    ]);
  }
});

/** Streams that the test feeds and ends, in the order in which the hub opens them. */
class Server {
  opened: { position: string; push: (text: string) => void; end: () => void }[] = [];

  fetch = (_url: string, init: { headers: Record<string, string>; signal: AbortSignal }): Promise<Response> => {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
    init.signal.addEventListener("abort", () => { try { controller.error(init.signal.reason); } catch { /* it had ended */ } });
    this.opened.push({
      position: init.headers["Last-Event-ID"] ?? "",
      push: (text) => controller.enqueue(new TextEncoder().encode(text)),
      end: () => controller.close(),
    });
    return Promise.resolve(new Response(body));
  };
}

class Page {
  heard: ToPage[] = [];
  send = (message: ToPage) => void this.heard.push(message);
  kinds = () => this.heard.map((message) => message.kind).filter((kind) => kind !== "link");
}

let server: Server;
let hub: Hub;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  hub = new Hub("events");
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function join(cursor: number, epoch = "e1"): Page {
  const page = new Page();
  hub.receive(page, { kind: "join", visible: true });
  hub.receive(page, { kind: "from", epoch, cursor });
  return page;
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const trials = (epoch: string, cursor: number) => `id: ${epoch}-${cursor}\nevent: trials\ndata: {"cursor":${cursor},"rows":[]}\n\n`;

test("two pages share one stream", async () => {
  const pages = [join(3), join(5)];
  server.opened[0]!.push(trials("e1", 6));
  await settle();
  expect(server.opened.length).toBe(1);
  for (const page of pages) expect(page.kinds()).toEqual(["trials"]);
});

test("a page whose snapshot is older than the stream is told to fetch it again", () => {
  join(5);
  expect(join(3).kinds()).toEqual(["reset"]);
});

test("a broken stream goes on after the last event, with growing pauses", async () => {
  const page = join(3);
  server.opened[0]!.push(trials("e1", 9));
  await settle();
  server.opened[0]!.end();
  await settle();
  expect(page.heard.at(-1)).toMatchObject({ kind: "link", link: { state: "lost" } });
  await vi.advanceTimersByTimeAsync(500);
  expect(server.opened.map((stream) => stream.position)).toEqual(["e1-3", "e1-9"]);
});

test("a new epoch resets every page, and the stream starts where the first new snapshot says", async () => {
  const page = join(3);
  server.opened[0]!.push('id: e2-1\nevent: reset\ndata: {"epoch":"e2"}\n\n');
  await settle();
  expect(page.kinds()).toEqual(["reset"]);
  hub.receive(page, { kind: "from", epoch: "e2", cursor: 7 });
  expect(server.opened.at(-1)!.position).toBe("e2-7");
});

test("a silent stream is given up and opened again", async () => {
  join(3);
  await vi.advanceTimersByTimeAsync(38_600);
  expect(server.opened.length).toBe(2);
});

test("nobody looking closes the stream, and a look opens it where it was", async () => {
  const page = join(3);
  await settle();
  hub.receive(page, { kind: "visible", visible: false });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(page.heard.at(-1)).toMatchObject({ link: { state: "paused" } });
  hub.receive(page, { kind: "visible", visible: true });
  expect(server.opened.map((stream) => stream.position)).toEqual(["e1-3", "e1-3"]);
});
