/** Requests to the manager. Whatever goes wrong becomes a `RequestError` that people can read. */

import { api } from "./address";

export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    message: string,
    /** HTTP status; 0 when no answer came */
    readonly status: number,
  ) {
    super(message);
  }
}

interface ProblemDocument {
  title?: string;
  detail?: string;
  problems?: { message?: string; help?: string | null }[];
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(api(path), { cache: "no-cache", credentials: "same-origin", ...init }).catch(
    (reason: unknown) => {
      if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
      throw new RequestError("the manager does not answer; is the experiment still running? `nnictl experiment list` says", 0);
    },
  );
  if (!response.ok) throw new RequestError(await explain(response), response.status);
  return response;
}

export async function read<T>(path: string, init: RequestInit = {}): Promise<T> {
  return (await request(path, init)).json() as Promise<T>;
}

export function send(method: "POST" | "PATCH", path: string, body: unknown = {}): Promise<Response> {
  return request(path, { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
}

async function explain(response: Response): Promise<string> {
  const fallback = `the manager answered ${response.status} ${response.statusText}`.trim();
  const problem = (await response.json().catch(() => null)) as ProblemDocument | null;
  if (problem === null || typeof problem !== "object") return fallback;
  const lines = (problem.problems ?? []).map(({ message, help }) => [message, help].filter(Boolean).join(": "));
  return lines.filter(Boolean).join("; ") || problem.detail || problem.title || fallback;
}
