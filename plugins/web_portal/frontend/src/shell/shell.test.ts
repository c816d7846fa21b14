import { expect, test } from "vitest";
import { pageOf } from "./page";

test.each([
  ["", { name: "overview" }],
  ["trials", { name: "trials" }],
  ["trials/", { name: "trials" }],
  ["trials/AbCdE", { name: "trial", id: "AbCdE" }],
  ["trials/a%20b", { name: "trial", id: "a b" }],
  ["trials/%E0%A4%A", { name: "missing" }],
  ["trials/a/b", { name: "missing" }],
  ["nothing", { name: "missing" }],
])("the address %s names a page", (path, page) => expect(pageOf(path)).toEqual(page));
