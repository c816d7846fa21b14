import { expect, test } from "vitest";
import { columnsOf } from "./columns";
import { factsOf } from "./facts";
import { parseFilter } from "./filter";
import { flatten } from "./flatten";
import { edge, results } from "./front";
import * as format from "./format";
import { type Experiment, isOver, type Json, type Objective, type TrialRow, valueName } from "./protocol";
import { knownSort, parseSort, view } from "./order";
import { rangeOf } from "./space";
import { plain } from "./terminal";
import { history, top, Trials } from "./trials";

function row(sequence: number, fields: Partial<TrialRow> = {}): TrialRow {
  return {
    id: `t${sequence}`, sequence_id: sequence, state: "SUCCEEDED", created_at: 0, started_at: 1000, ended_at: 3000, attempt: 1, exit_code: 0,
    signal: null, message: null, value: null, latest: null, intermediate_count: 0, metrics: {}, parameters: {}, ...fields,
  };
}

function trialsOf(...rows: TrialRow[]): Trials {
  const trials = new Trials();
  for (const item of rows) trials.apply(item);
  return trials;
}

const SAMPLE = trialsOf(
  row(0, { value: 0.5, parameters: { lr: 0.01, act: "relu" } }),
  row(1, { value: 0.9, parameters: { lr: 0.0001, act: "tanh" }, metrics: { loss: 2 } }),
  row(2, { state: "FAILED", message: "out of memory", parameters: { lr: 0.0005, act: "relu" } }),
  row(3, { value: 0.7, parameters: { lr: 0.1, act: "relu", "max depth": 4 } }),
);

function found(text: string): number[] {
  const columns = columnsOf(SAMPLE, () => 0);
  return view(SAMPLE.size, parseFilter(text, columns).matches, columns, parseSort("#"));
}

test.each([
  ["", [0, 1, 2, 3]],
  ["lr<1e-3", [1, 2]],
  ["lr<1e-3 status:failed", [2]],
  ["act=RELU -status:failed", [0, 3]],
  ["value>=0.7", [1, 3]],
  ['"max depth">=4', [3]],
  ["memory", [2]],
  ["loss!=3", [0, 1, 2, 3]],
  ["loss=2", [1]],
  ["lr < 0.01", [1, 2]],
  ["lr <0.01  value >= 0.7", [1]],
  ['"max depth" >= 4', [3]],
  ["status: failed", [2]],
  ["value<0.6 or value>0.8", [0, 1]],
  ["act=relu value>0.6 OR memory", [2, 3]],
  ["act=relu and value>0.6", [3]],
  ["value>0.8 or", [1]],
  ["value>0.8 or lr<", [1]],
  ['"or"', [2]],
  ["lr<abc", [0, 1, 2, 3]],
  ["lr<abc value>0.8", [1]],
])("the filter %s keeps the trials that it names", (text, expected) => {
  expect(found(text)).toEqual(expected);
});

test.each([
  ["lx<3", "“lx<3” is ignored: no column named “lx”; try latest, loss, lr"],
  ["value>0 lr < abc", "“lr < abc” is ignored: “abc” is not a number"],
  ["<3", "“<” is ignored: write name<value, name:text or a word"],
  ["lr<3 or lr>5", null],
])("of the filter %s it is said what is ignored", (text, expected) => {
  expect(parseFilter(text, columnsOf(SAMPLE, () => 0)).problem).toBe(expected);
});

test("a half-written comparison hides nothing", () => {
  expect(found("lr<")).toEqual([0, 1, 2, 3]);
  expect(found("-lr<")).toEqual([0, 1, 2, 3]);
});

test("trials without a value come last in both directions", () => {
  const columns = columnsOf(SAMPLE, () => 0);
  expect(view(4, () => true, columns, parseSort("value"))).toEqual([0, 3, 1, 2]);
  expect(view(4, () => true, columns, parseSort("-value"))).toEqual([1, 3, 0, 2]);
});

test("only a column that is there sorts, by its own name", () => {
  const columns = columnsOf(SAMPLE, () => 0);
  expect(knownSort(parseSort("-LR"), columns)).toEqual({ key: "lr", descending: true });
  expect(knownSort(parseSort("-nope"), columns)).toBeNull();
});

test("the best so far never gets worse, in either direction", () => {
  expect(history(SAMPLE, true)).toEqual({ at: [0, 1, 3], best: [0.5, 0.9, 0.9], failed: [2] });
  expect(history(SAMPLE, false).best).toEqual([0.5, 0.5, 0.5]);
  expect(top(SAMPLE, true, 2)).toEqual([1, 3]);
  expect(top(SAMPLE, false, 1)).toEqual([0]);
});

test("a row replaces what was known of its trial and may bring new parameters", () => {
  const trials = trialsOf(row(0, { parameters: { a: 1 } }), row(1, { parameters: { a: 2 } }));
  trials.apply(row(0, { value: 3, parameters: { b: "x" } }));
  expect([trials.size, trials.value[0], trials.parameters.get("a"), trials.parameters.get("b")]).toEqual([2, 3, [null, 2], ["x", null]]);
});

test("an intermediate report counts once, whatever its order", () => {
  const trials = trialsOf(row(0));
  for (const sequence of [0, 1, 1]) trials.report("t0", sequence, 0.5 + sequence);
  expect([trials.intermediates[0], trials.latest[0]]).toEqual([2, 1.5]);
});

test("a parameter that is named like a column keeps a name of its own", () => {
  const columns = columnsOf(trialsOf(row(0, { parameters: { value: 7 } })), () => 0);
  expect(columns.filter((column) => column.key.includes("value")).map((column) => column.key)).toEqual(["value", "parameter:value"]);
});

test("a key of the results that never is a number has no column", () => {
  const trials = trialsOf(row(0, { metrics: { note: null, loss: null } }), row(1, { metrics: { note: null, loss: 2 } }));
  expect(columnsOf(trials, () => 0).filter((column) => column.group === "metric").map((column) => column.key)).toEqual(["loss"]);
});

const PLAIN = [["latest", "–"], ["reports", "0"], ["attempt", "1"], ["exit code", "0"]];

test.each<[string, Json, string[][]]>([
  ["nothing", null, [["final", "0.5"]]],
  ["a number", 0.5, [["final", "0.5"]]],
  ["a float that is none in JSON", { $float: "nan" }, [["final", "NaN"]]],
  ["a list", [1, 2], [["final", "[1,2]"]]],
  ["a dict without a number that counts", { note: "x" }, [["final", '{"note":"x"}'], ["note", "x"]]],
  ["what is no number", { default: 5, note: "text", ok: true, rates: [1, 2] }, [["final", "5"], ["note", "text"], ["ok", "true"], ["rates", "[1,2]"]]],
  ["the names of other facts", { default: 5, final: 1, "exit code": 2, signal: 3 }, [["final", "5"], ["metric:final", "1"], ["metric:exit code", "2"], ["metric:signal", "3"]]],
])("the facts of a trial hold its result: %s", (_, final, facts) => {
  expect(factsOf(row(0, { value: 0.5, final }))).toEqual([...facts, ...PLAIN]);
});

test.each([
  [["default"], "value"], [["accuracy"], "accuracy"], [["default", "seconds"], "default"], [["error", "seconds"], "error"],
])("with the objectives %s the value is called %s", (names, expected) => {
  const objectives = names.map((name): Objective => ({ name, direction: "minimize" }));
  expect(valueName({ objectives } as Experiment)).toBe(expected);
});

test.each([["RUNNING", false], ["STOPPING", true], ["DONE", true], ["ERROR", true], ["STOPPED", true]])("an experiment that is %s is over: %s", (state, over) => {
  expect(isOver({ state } as Experiment)).toBe(over);
});

test("nested parameters become flat names, and find their range in the space", () => {
  const flat = flatten({ layer: { _name: "conv", k: 3 }, list: [1, 2] });
  expect([...flat]).toEqual([["layer", "conv"], ["layer/k", 3], ["list", [1, 2]]]);
  const space: Json = { layer: { _type: "choice", _value: [{ _name: "none" }, { _name: "conv", k: { _type: "randint", _value: [1, 5] } }] } };
  expect(rangeOf(space, "layer", flat)).toEqual({ place: 1, label: "none · conv" });
  expect(rangeOf(space, "layer/k", flat)).toEqual({ place: 0.5, label: "randint 1 … 5" });
});

test.each([
  [0.1 + 0.2, "0.3"], [1e-7, "1e-7"], [123456, "123456"], [-0.00012345, "−0.00012345"], [Number.NaN, "NaN"], [Number.NEGATIVE_INFINITY, "−∞"],
  [null, "–"], [0, "0"], [1.5e12, "1.5e12"], [99999.99, "100000"],
])("%s is written %s", (value, text) => expect(format.number(value)).toBe(text));

test("numbers of one size line up, and none loses its digits", () => {
  const show = format.aligned([0.975, 0.97403]);
  expect([0.975, 0.97403, 1e-7, null].map((value) => show(value))).toEqual(["0.97500", "0.97403", "1e-7", "–"]);
});

test.each([["90", 90], ["1h 30m", 5400], ["2d", 172800], ["", null], ["soon", undefined]])("the duration %s is %s seconds", (text, seconds) => {
  expect(format.parseDuration(text)).toBe(seconds);
  if (seconds) expect(format.parseDuration(format.durationInput(seconds))).toBe(seconds);
});

test("output loses colours, titles and what was drawn over, and nothing else", () => {
  expect(plain("\u001b[1;32mok\u001b[0m\u001b]0;title\u0007 <b>\n10%\r20%\r\nend\u0008")).toBe("ok <b>\n20%\nend");
});

const BOTH: Objective[] = [{ name: "error", direction: "minimize" }, { name: "speed", direction: "maximize" }];

function compared(error: number | null, speed: number | null, fields: Partial<TrialRow> = {}): Partial<TrialRow> {
  return { value: error, metrics: speed === null ? {} : { speed }, ...fields };
}

test("the Pareto set holds what no other surpasses, by the first objective", () => {
  const rows = [compared(3, 9), compared(1, 5), compared(2, 4), compared(1, 5), compared(null, 99), compared(0, null), compared(0, 9, { state: "FAILED" })];
  const found = results(trialsOf(...rows.map((fields, sequence) => row(sequence, fields))), BOTH);
  expect(found.at).toEqual([0, 1, 2, 3]);
  expect(found.values).toEqual([[3, 1, 2, 1], [9, 5, 4, 5]]);
  expect(found.front).toEqual([1, 3, 0]);
});

test("the edge goes from the better end of x to the worse, and never gets worse", () => {
  expect(edge([3, 1, 2], [9, 5, 4], BOTH[0]!, BOTH[1]!)).toEqual({ places: [1, 2, 0], best: [5, 5, 9] });
  expect(edge([9, 5, 4], [3, 1, 2], BOTH[1]!, BOTH[0]!)).toEqual({ places: [0, 1, 2], best: [3, 1, 1] });
});

test("without results there is no front", () => {
  expect(results(trialsOf(), BOTH)).toEqual({ at: [], values: [[], []], front: [] });
});
