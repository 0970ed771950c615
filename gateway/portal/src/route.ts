// SPDX-License-Identifier: EUPL-1.2
// Which page is shown: the part of the address behind "#/", so that reloading and going back work and filters stay in the address. No id of a person or case stands in it
// on a person's pages.
import { signal } from "./signal";

export interface Route {
  path: string[];
  query: URLSearchParams;
}

function read(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter((p) => p !== "").map(decodeURIComponent), query: new URLSearchParams(query) };
}

export const route = signal<Route>(read());
addEventListener("hashchange", () => {
  route.value = read();
});

export function href(...path: string[]): string {
  return `#/${path.map(encodeURIComponent).join("/")}`;
}

export function go(...path: string[]): void {
  location.hash = href(...path);
}

// Changes one filter in the address without a new entry in the history.
export function setQuery(name: string, value: string): void {
  const { path, query } = read();
  if (value === "") query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  history.replaceState(null, "", `${href(...path)}${text === "" ? "" : `?${text}`}`);
  route.value = read();
}
