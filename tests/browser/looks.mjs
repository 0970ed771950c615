// SPDX-License-Identifier: EUPL-1.2
// Looks at a page that differ from how it comes: letters twice as large, dark, printed.
import assert from "node:assert/strict";
import { examine } from "./browser.mjs";

// Letters twice as large, on a phone and on a desk: nothing scrolls sideways and no text is cut off (WCAG 1.4.4, 1.4.10).
export async function enlarged(p) {
  const before = p.viewportSize();
  await p.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
  for (const width of [320, 1280]) {
    await p.setViewportSize({ width, height: 800 });
    const cut = await p.evaluate(() => {
      const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      const clipped = [...document.querySelectorAll("body *")].filter((e) => {
        const style = getComputedStyle(e);
        const hides = (overflow) => overflow === "hidden" || overflow === "clip";
        const shown = e.checkVisibility() && e.clientWidth > 1 && e.clientHeight > 1;
        return shown && ((hides(style.overflowX) && e.scrollWidth > e.clientWidth + 1) || (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 1));
      });
      const beyond = [...document.querySelectorAll("h1, h2, h3, p, dd, a, button")].filter((e) => {
        const box = e.getBoundingClientRect();
        return e.checkVisibility() && box.width > 0 && !e.classList.contains("ds-skip-link") && (box.left < -1 || box.right > innerWidth + 1);
      });
      return [...(wide > 0 ? [`scrolls ${wide} px sideways`] : []), ...[...clipped, ...beyond].map((e) => `cut off: ${e.outerHTML.slice(0, 120)}`)];
    });
    assert.deepEqual(cut, [], `${p.url()} at ${width} px with large letters`);
  }
  await p.evaluate(() => document.documentElement.style.removeProperty("font-size"));
  await p.setViewportSize(before);
}

// Dark, and without movement.
export async function dark(p, name) {
  await p.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  const [back, moving] = await p.evaluate(() => [getComputedStyle(document.body).backgroundColor, document.getAnimations().length]);
  assert.equal(moving, 0);
  assert.ok(back.match(/\d+/g).slice(0, 3).every((c) => Number(c) < 80), `the page's ground is ${back}`);
  await examine(p, name);
  await p.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
}

// The text that would be on paper.
export async function printed(p) {
  await p.emulateMedia({ media: "print" });
  const text = await p.evaluate(() => document.body.innerText.trim());
  await p.emulateMedia({ media: "screen" });
  return text;
}
