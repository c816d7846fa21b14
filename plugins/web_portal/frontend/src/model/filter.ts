/**
 * The filter line: words separated by spaces, all of which must hold; `or` between two groups of them asks for one group.
 *
 * `lr<1e-3` `value>=0.9` `act=relu` compare a column · `status:failed` contains · `-word` negates ·
 * a plain word looks in id, number, message and text parameters · quotes keep spaces together.
 * What cannot be understood is left out, and said.
 */

import { type Column, findColumn } from "./columns";

export type Predicate = (at: number) => boolean;

export interface Filter {
  matches: Predicate;
  /** what could not be understood, for people; null when all was */
  problem: string | null;
}

const WORD = /(-?)(?:"([^"]*)"|([^\s:<>=!"]+))(?:\s*(<=|>=|!=|=|<|>|:)\s*(?:"([^"]*)"|([^\s"]*)))?/g;

const everything: Predicate = () => true;

export function parseFilter(text: string, columns: Column[]): Filter {
  const groups: Predicate[][] = [[]];
  let problem: string | null = null;
  let rest = text;
  for (const found of text.matchAll(WORD)) {
    rest = rest.replace(found[0], "");
    const word = found[0].toLowerCase();
    if (word === "or") groups.push([]);
    if (word === "or" || word === "and") continue;
    const [, negated, quotedName, plainName, operator, quotedValue, plainValue] = found;
    const name = quotedName ?? plainName ?? "";
    const value = quotedValue ?? plainValue ?? "";
    const test = operator === undefined ? containing(name, columns) : compare(name, operator, value, columns);
    if (typeof test === "string") problem ??= `“${found[0]}” is ignored: ${test}`;
    else if (test !== null) groups.at(-1)!.push(negated ? (at) => !test(at) : test);
  }
  if (rest.trim() !== "") problem ??= `“${rest.trim()}” is ignored: write name<value, name:text or a word`;
  // of a group that is still being written, or not understood, nothing is left
  const asked = groups.filter((tests) => tests.length > 0);
  const matches = asked.length === 0 ? everything : (at: number) => asked.some((tests) => tests.every((test) => test(at)));
  return { matches, problem };
}

function containing(word: string, columns: Column[]): Predicate {
  const wanted = word.toLowerCase();
  const searched = columns.filter((column) => !column.numeric || column.key === "#");
  return (at) => searched.some((column) => column.text(at).toLowerCase().includes(wanted));
}

/** A test, or why there is none; null while the comparison is being written. */
function compare(name: string, operator: string, value: string, columns: Column[]): Predicate | string | null {
  const column = findColumn(columns, name);
  if (column === undefined) return unknown(name, columns);
  if (value === "") return null;
  if (operator === ":") return (at) => column.text(at).toLowerCase().includes(value.toLowerCase());
  const wanted = Number(value);
  if (Number.isNaN(wanted)) return equals(column, operator, value);
  return (at) => {
    const found = column.raw(at);
    if (typeof found === "number") return ordered(found, operator, wanted);
    return operator === "!=" ? found !== value : operator === "=" && found === value;
  };
}

function equals(column: Column, operator: string, value: string): Predicate | string {
  const wanted = value.toLowerCase();
  if (operator === "=") return (at) => column.text(at).toLowerCase() === wanted;
  if (operator === "!=") return (at) => column.text(at).toLowerCase() !== wanted;
  return `“${value}” is not a number`;
}

function ordered(found: number, operator: string, wanted: number): boolean {
  switch (operator) {
    case "<":
      return found < wanted;
    case "<=":
      return found <= wanted;
    case ">":
      return found > wanted;
    case ">=":
      return found >= wanted;
    case "!=":
      return found !== wanted;
    default:
      return found === wanted;
  }
}

function unknown(name: string, columns: Column[]): string {
  const near = columns.filter((column) => column.key.toLowerCase().startsWith(name.slice(0, 1).toLowerCase()));
  const hint = (near.length > 0 ? near : columns).slice(0, 6).map((column) => column.key);
  return `no column named “${name}”; try ${hint.join(", ")}`;
}
