// SPDX-License-Identifier: EUPL-1.2
// An auditor's pages in a real Chromium, logged in with a real identity provider.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { browser, examineAll, loginStaff, stage, view } from "./browser.mjs";

let world, chrome;
before(async () => {
  [world, chrome] = await Promise.all([stage(), browser()]);
});
after(async () => {
  await chrome?.close();
  await world?.close();
});

test("an auditor finds a disclosure, keeps the filter in the address, and takes its proof", async () => {
  const family = await world.ask("family");
  const { consent } = await world.ask("agree", { case: family.case, drafts: [["needs", "soc", ["pol", "school"], "PURPOSE_COORDINATION"]], by: family.persons });
  await world.ask("share", { case: family.case, sender: "soc", to: ["pol", "school"], message_type: "NEEDS_INVENTORY", category: "needs", consent, times: 2 });
  const p = await loginStaff(chrome, world, "audit.1@audit");
  await view(p, world, "disclosures");
  await p.locator("main li.ds-card").nth(3).waitFor();
  await p.fill("#filter-recipient", "pol");
  await p.locator("#filter-recipient").press("Tab");
  assert.match(p.url(), /recipient=pol/);
  await p.reload();
  await p.locator("main li.ds-card").nth(1).waitFor();
  assert.equal(await p.inputValue("#filter-recipient"), "pol");
  const [proof] = await Promise.all([p.waitForEvent("download"), p.locator("main li.ds-card button").first().click()]);
  assert.match(proof.suggestedFilename(), /^\d+\.tlog-proof$/);
  assert.match(readFileSync(await proof.path(), "utf8"), /^c2sp\.org\/tlog-proof@v1\n/);
  const [table] = await Promise.all([p.waitForEvent("download"), p.getByRole("button", { name: "CSV" }).click()]);
  assert.equal(readFileSync(await table.path(), "utf8").trimEnd().split("\r\n").length, (await p.locator("main li.ds-card").count()) + 1);
  const { size } = await world.ask("replayed", { found: 3 });
  await view(p, world, "log");
  await p.locator("main dl").waitFor();
  assert.match(await p.locator("main").innerText(), new RegExp(`3[^]*${size}[^]*audit`)); // what was found, over how many entries, by whom
  await examineAll(p, world, "auditor", [["log", "log"], ["disclosures", "disclosures?which=1"], ["recalls", "recalls"], ["case", `case?id=${family.case}`], ["counts", "counts?from=2026-01-01&until=2026-04-01"]],
    { log: "main dl", disclosures: "main li.ds-card" });
  await p.context().close();
});
