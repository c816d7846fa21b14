/** Several objectives: which trials no other surpasses. */

import type { Objective } from "./protocol";
import type { Trials } from "./trials";

export interface Results {
  /** positions of the trials that succeeded and have every objective */
  at: number[];
  /** for each objective, the numbers of those trials */
  values: number[][];
  /** places in `at` of the Pareto set: none of the others is as good in every objective and better in one */
  front: number[];
}

export function results(trials: Trials, objectives: Objective[]): Results {
  // The first objective is the value of a trial, whatever it is called.
  const columns = objectives.map(({ name }, place) => (place === 0 ? trials.value : trials.metrics.get(name)));
  const at: number[] = [];
  for (let place = 0; place < trials.size; place++) {
    if (trials.state[place] === "SUCCEEDED" && columns.every((column) => (column?.[place] ?? null) !== null)) at.push(place);
  }
  const values = columns.map((column) => at.map((place) => column![place]!));
  return { at, values, front: front(values, objectives) };
}

/** Places of the rows that no other surpasses, in the order of the first objective, best first. */
function front(values: number[][], objectives: Objective[]): number[] {
  const losses = values.map((column, each) => (objectives[each]!.direction === "minimize" ? column : column.map((value) => -value)));
  const places = [...(values[0] ?? []).keys()];
  const order = (one: number, other: number) => {
    for (const column of losses) if (column[one] !== column[other]) return column[one]! - column[other]!;
    return one - other;
  };
  const surpasses = (one: number, other: number) =>
    losses.every((column) => column[one]! <= column[other]!) && losses.some((column) => column[one]! < column[other]!);
  const found: number[] = [];
  // Whoever surpasses a row comes before it in this order.
  for (const place of places.sort(order)) if (!found.some((one) => surpasses(one, place))) found.push(place);
  return found;
}

/** Along x from its better end to its worse: the places, and the best y so far at each. */
export function edge(x: number[], y: number[], across: Objective, up: Objective): { places: number[]; best: number[] } {
  const sign = across.direction === "minimize" ? 1 : -1;
  const better = up.direction === "minimize" ? Math.min : Math.max;
  const places = [...x.keys()].sort((one, other) => sign * (x[one]! - x[other]!) || one - other);
  let best: number | null = null;
  return { places, best: places.map((place) => (best = best === null ? y[place]! : better(best, y[place]!))) };
}
