/** The view of the trials that an address describes: which of them, in which order, with which columns. */

import { untrack } from "svelte";
import { session } from "../live/session.svelte";
import { type Column, columnsOf } from "../model/columns";
import { type Filter, parseFilter } from "../model/filter";
import { DEFAULT_SORT, knownSort, parseSort, type Sort, view } from "../model/order";
import { router } from "./router.svelte";

const HIDDEN = new Set(["id", "reports", "exit", "message"]);
/** columns that identify a row */
export const ALWAYS = new Set(["#", "status"]);

export class Table {
  // the rows are not sorted anew each second: who shows a duration follows the clock
  readonly columns: Column[] = $derived((void session.version, columnsOf(session.trials, () => untrack(() => session.now))));
  readonly #asked: Sort = $derived(parseSort(router.query.get("sort")));
  readonly #known: Sort | null = $derived(knownSort(this.#asked, this.columns));
  readonly sort: Sort = $derived(this.#known ?? DEFAULT_SORT);
  readonly filter: Filter = $derived(parseFilter(router.query.get("f") ?? "", this.columns));
  /** what of the address could not be understood, for people; null when all was */
  readonly problem: string | null = $derived(
    this.filter.problem ?? (this.#known === null ? `no column named “${this.#asked.key}” to sort by` : null),
  );
  /** states that are shown; all when empty */
  readonly states: Set<string> = $derived(new Set((router.query.get("s") ?? "").split(",").filter(Boolean)));
  readonly rows: number[] = $derived.by(() => {
    const { matches } = this.filter;
    const { states } = this;
    const state = session.trials.state;
    const test = states.size === 0 ? matches : (at: number) => states.has(state[at] ?? "") && matches(at);
    return view(session.trials.size, test, this.columns, this.sort);
  });
  readonly shown: Set<string> = $derived.by(() => {
    const wanted = router.query.get("cols");
    const listed = wanted === null ? null : new Set(wanted.split(","));
    const isShown = ({ key }: Column) => ALWAYS.has(key) || (listed === null ? !HIDDEN.has(key) : listed.has(key));
    return new Set(this.columns.filter(isShown).map((column) => column.key));
  });
  readonly visible: Column[] = $derived.by(() => {
    const front = this.columns.filter((column) => ALWAYS.has(column.key));
    return [...front, ...this.columns.filter((column) => !ALWAYS.has(column.key) && this.shown.has(column.key))];
  });
}
