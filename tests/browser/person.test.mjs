// SPDX-License-Identifier: EUPL-1.2
// A person's flows in a real Chromium, on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, examine, page, stage } from "./browser.mjs";

let world, chrome;
before(async () => {
  [world, chrome] = await Promise.all([stage(), browser()]);
});
after(async () => {
  await chrome?.close();
  await world?.close();
});

async function login(person, family, options) {
  const { code } = await world.ask("code", { case: family.case, person });
  const p = await page(chrome, world.url, options);
  await p.goto(world.url);
  await p.fill("#code", code);
  await p.locator("form button").click();
  await p.locator("h1").waitFor();
  await p.waitForFunction(() => !document.querySelector("#code"));
  return p;
}

const DRAFTS = [
  ["needs", "soc", ["pol", "school"], "PURPOSE_COORDINATION"],
  ["threat", "pol", ["soc"], "PURPOSE_PROTECTION"],
  ["follow_up", "soc", ["evaluator"], "PURPOSE_FOLLOW_UP"],
];

test("a person answers, sees what was shared, and stops it", async () => {
  const family = await world.ask("family");
  const { consent, grants } = await world.ask("agree", { case: family.case, drafts: DRAFTS.slice(0, 2) });
  await world.ask("give", { case: family.case, person: family.persons[1], grants });
  const p = await login(family.persons[0], family);
  await examine(p, "person-asked-320-sv");
  assert.equal(await p.title(), "Start");
  for (let left = grants.length; left > 0; left--) {
    await p.locator("section[aria-labelledby=asked] li").first().getByRole("button").first().click();
    await p.waitForFunction((n) => document.querySelectorAll("section[aria-labelledby=asked] li").length === n, left - 1);
  }
  const { standing } = await world.ask("standings", { case: family.case });
  assert.deepEqual(Object.values(standing), ["OK_CONSENT", "OK_CONSENT", "OK_CONSENT"]);
  await world.ask("share", { case: family.case, sender: "soc", to: ["pol", "school"], message_type: "NEEDS_INVENTORY", category: "needs", consent });
  await p.goto(`${world.url}/#/1/shared`);
  await p.reload();
  await p.locator("ol.cards li").nth(1).waitFor();
  await examine(p, "person-shared-320-sv");
  await p.goto(`${world.url}/#/1/stop/everything`);
  await p.locator("section ul li").first().waitFor();
  await examine(p, "person-stop-320-sv");
  await p.locator("button[data-color=danger]", { hasNotText: "Lämna" }).last().click();
  await p.locator("dl.facts bdi").waitFor();
  await examine(p, "person-receipt-320-sv");
  assert.match(await p.locator("dl.facts bdi").first().innerText(), /^2026-\d{6}$/);
  const after_ = (await world.ask("standings", { case: family.case })).standing;
  assert.deepEqual([...new Set(Object.values(after_))], ["WITHDRAWN"]);
});
