// SPDX-License-Identifier: EUPL-1.2
// Leaving in a hurry: the screen is empty at once, the session ends, and the tab goes somewhere that says nothing.
import { abandon, forget } from "./session";

const AWAY = "https://www.wikipedia.org/";

export function leave(): void {
  document.getElementById("app")?.replaceChildren();
  document.title = "";
  const gone = abandon().catch(() => forget());
  // The gateway is told if it answers quickly; the page goes either way.
  void Promise.race([gone, new Promise((done) => setTimeout(done, 300))]).then(() => location.replace(AWAY));
}

// Going back to a page that the browser kept as it was shows nothing of it: it begins anew.
addEventListener("pageshow", (e) => {
  if (e.persisted) location.reload();
});
