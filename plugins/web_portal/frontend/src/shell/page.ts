/** Which page an address names. */

export type Page = { name: "overview" } | { name: "trials" } | { name: "trial"; id: string } | { name: "missing" };

/** `path`: what follows the portal's first page. */
export function pageOf(path: string): Page {
  const [first = "", second, ...more] = path.replace(/\/$/, "").split("/");
  if (more.length > 0) return { name: "missing" };
  if (first === "" && second === undefined) return { name: "overview" };
  if (first !== "trials") return { name: "missing" };
  if (second === undefined) return { name: "trials" };
  const id = decoded(second);
  return id === null ? { name: "missing" } : { name: "trial", id };
}

/** Null for what is no UTF-8: nothing that the portal links to. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
