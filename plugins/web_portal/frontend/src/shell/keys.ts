/** Keys that work everywhere. None of them stops anything. */

export type Keys = Record<string, () => void>;

const SEQUENCE = 1200;

let pages: Keys[] = [];
let pending = "";
let pendingUntil = 0;

/** Binds keys while a page is shown; the latest binding wins. `g t` is a sequence. Returns the release. */
export function bind(keys: Keys): () => void {
  pages.push(keys);
  return () => {
    pages = pages.filter((other) => other !== keys);
  };
}

export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  if (document.querySelector("dialog[open]")) return;
  const now = Date.now();
  const sequence = now < pendingUntil ? `${pending} ${event.key}` : event.key;
  pending = "";
  pendingUntil = 0;
  const action = find(sequence);
  if (action !== undefined) {
    event.preventDefault();
    action();
  } else if (pages.some((keys) => Object.keys(keys).some((name) => name.startsWith(`${event.key} `)))) {
    pending = event.key;
    pendingUntil = now + SEQUENCE;
  }
}

function find(name: string): (() => void) | undefined {
  for (let at = pages.length - 1; at >= 0; at--) {
    const action = pages[at]![name];
    if (action !== undefined) return action;
  }
  return undefined;
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  if (target === null) return false;
  if (event.key === "Enter" && target.closest("a, button, summary")) return true;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
