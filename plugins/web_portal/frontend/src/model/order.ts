/** Which trials a table shows, in which order. */

import { type Column, findColumn } from "./columns";
import type { Predicate } from "./filter";
import type { Json } from "./protocol";

export interface Sort {
  key: string;
  descending: boolean;
}

export const DEFAULT_SORT: Sort = { key: "#", descending: true };

/** `-value` sorts by value, largest first. */
export function parseSort(text: string | null): Sort {
  if (text === null || text === "" || text === "-") return DEFAULT_SORT;
  return text.startsWith("-") ? { key: text.slice(1), descending: true } : { key: text, descending: false };
}

/** What is asked for, with the column's own name; null when there is no such column. */
export function knownSort(asked: Sort, columns: Column[]): Sort | null {
  const column = findColumn(columns, asked.key);
  return column === undefined ? null : { ...asked, key: column.key };
}

export function formatSort(sort: Sort): string {
  return `${sort.descending ? "-" : ""}${sort.key}`;
}

/** Positions that match, sorted; equal ones by position, those without a value last in both directions. */
export function view(size: number, matches: Predicate, columns: Column[], sort: Sort): number[] {
  const shown: number[] = [];
  for (let at = 0; at < size; at++) if (matches(at)) shown.push(at);
  const column = findColumn(columns, sort.key);
  if (column === undefined) return shown;
  const sign = sort.descending ? -1 : 1;
  return numbersOnly(shown, size, column, sign) ?? shown.sort((a, b) => compare(column.raw(a), column.raw(b), sign) || sign * (a - b));
}

/** The common case, fast: a column of numbers and nothing. Null when there is anything else in it. */
function numbersOnly(shown: number[], size: number, column: Column, sign: number): number[] | null {
  const keys = new Float64Array(size);
  const filled: number[] = [];
  const empty: number[] = [];
  for (const at of shown) {
    const value = column.raw(at);
    if (typeof value === "number") {
      keys[at] = value;
      filled.push(at);
    } else if (value === null || value === undefined) empty.push(at);
    else return null;
  }
  filled.sort((a, b) => sign * (keys[a]! - keys[b]!) || sign * (a - b));
  if (sign < 0) empty.reverse();
  return filled.concat(empty);
}

function compare(a: Json | undefined, b: Json | undefined, sign: number): number {
  const emptyA = a === null || a === undefined;
  const emptyB = b === null || b === undefined;
  if (emptyA || emptyB) return Number(emptyA) - Number(emptyB);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  const left = typeof a === "string" ? a : JSON.stringify(a);
  const right = typeof b === "string" ? b : JSON.stringify(b);
  return left === right ? 0 : left < right ? -sign : sign;
}
