/** The address as state: which page, and the query that holds everything a page shows. */

import { ROOT } from "../live/address";
import { type Page, pageOf } from "./page";

export class Router {
  page = $state.raw<Page>(parse(location.pathname));
  query = $state.raw(new URLSearchParams(location.search));

  constructor() {
    addEventListener("popstate", () => this.#read());
  }

  /** Goes to an address made by `link`; a step that the back button undoes. */
  go(href: string): void {
    if (href !== location.href) history.pushState(null, "", href);
    this.#read();
    scrollTo(0, 0);
  }

  /** Changes parts of the query; null removes one. A step back only when asked for, so that typing makes none. */
  set(changes: Record<string, string | null>, step = false): void {
    const query = new URLSearchParams(this.query);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === "") query.delete(key);
      else query.set(key, value);
    }
    const search = query.toString();
    const href = location.pathname + (search === "" ? "" : `?${search}`);
    if (step) history.pushState(null, "", href);
    else history.replaceState(null, "", href);
    this.query = query;
  }

  #read(): void {
    this.page = parse(location.pathname);
    this.query = new URLSearchParams(location.search);
  }
}

function parse(pathname: string): Page {
  return pageOf(pathname.slice(ROOT.pathname.length));
}

/** Address of a page of the portal; `keep` names the parts of the query that go along. */
export function link(path: string, keep: Record<string, string | null> = {}): string {
  const url = new URL(path, ROOT);
  for (const [key, value] of Object.entries(keep)) if (value) url.searchParams.set(key, value);
  return url.href;
}

export function trialLink(id: string, query?: URLSearchParams): string {
  const view = query ? { f: query.get("f"), sort: query.get("sort"), s: query.get("s") } : {};
  return link(`trials/${encodeURIComponent(id)}`, view);
}

export const router = new Router();

/** Lets the router handle plain clicks on links within the portal. */
export function interceptLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const anchor = (event.target as Element | null)?.closest?.("a");
  if (!anchor || anchor.target !== "" || anchor.hasAttribute("download")) return;
  if (!anchor.href.startsWith(ROOT.href) || anchor.href.startsWith(new URL("api/", ROOT).href)) return;
  event.preventDefault();
  router.go(anchor.href);
}
