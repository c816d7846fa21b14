/** Where the portal is mounted: the server writes the way from this page up to its root into the page. */

const hint = document.querySelector<HTMLMetaElement>('meta[name="portal-root"]')?.content ?? "./";

/** Address of the portal's first page, with a slash at its end. */
export const ROOT = new URL(hint, location.href);

export function api(path: string): string {
  return new URL(`api/v1/${path}`, ROOT).href;
}
