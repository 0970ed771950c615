// SPDX-License-Identifier: EUPL-1.2
// A coordinator's and an auditor's pages in a real Chromium, logged in with a real identity provider.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

async function login(account, options) {
  const p = await page(chrome, world.url, options);
  await p.context().route("https://fonts.googleapis.com/**", (route) => route.abort()); // the provider's own pages ask for it
  await p.goto(world.url);
  await p.locator("main button", { hasText: "staff" }).click();
  await p.fill("input[name=login]", account);
  await p.fill("input[name=password]", "x");
  await p.locator("button[type=submit]").click();
  await p.locator("button[autofocus], form button[type=submit]").first().click(); // the provider asks whether to go on
  await p.waitForURL((url) => url.href.startsWith(world.url));
  await p.locator("main nav").waitFor();
  p.setDefaultTimeout(8000);
  p.faults.length = 0; // the provider's pages are not ours
  return p;
}

async function open(p, path) {
  await p.goto(`${world.url}/#/${path}`);
  await p.locator("main h1").waitFor();
}

// Each page in each language on a phone, and in the first on a desk too.
async function examineAll(p, name, paths, ready) {
  for (const language of ["sv", "en", "ar", "so"]) {
    await p.selectOption("header select", language);
    for (const [part, path] of paths) {
      await open(p, path);
      await p.locator(ready[part] ?? "main h1").first().waitFor();
      await p.setViewportSize({ width: 320, height: 700 });
      await examine(p, `${name}-${part}-320-${language}`);
      if (language === "sv" || language === "ar") {
        await p.setViewportSize({ width: 1280, height: 900 });
        await examine(p, `${name}-${part}-1280-${language}`);
      }
    }
  }
  await p.selectOption("header select", "sv");
}

test("a coordinator opens a case, asks, hands out a code, records what was said on paper", async () => {
  const p = await login("soc.1@soc");
  await open(p, "open");
  const names = p.locator("input[id^=name-]");
  await names.first().fill("Sam <img src=x onerror=alert(1)>");
  await p.locator("input[id^=born-]").fill("2010-01-15");
  await p.getByRole("button", { name: "Lägg till en vårdnadshavare" }).click();
  await names.nth(1).fill("Vera Testsson");
  await p.locator("#contact-pol").fill("pol.1");
  await p.locator("#contact-school").fill("school.1");
  await p.locator("#leads").fill("soc.1, soc.2");
  await p.locator("form button[type=submit]").click();
  await p.waitForURL(/#\/case\//);
  const path = new URL(p.url()).hash.slice(2);
  await p.locator("main li.ds-card").nth(1).waitFor();
  assert.equal(await p.locator("main img").count(), 0);
  await open(p, `${path}/consent`);
  await p.selectOption("select[id^=category-]", "needs");
  await p.selectOption("select[id^=sender-]", "soc");
  await p.selectOption("select[id^=purpose-]", "1");
  await p.locator("input[id^=until-]").fill("2026-09-01");
  await p.locator("fieldset label", { hasText: "school" }).locator("input").check();
  await p.selectOption("#obtained", "1");
  await p.locator("form button[type=submit]").click();
  await p.locator("form [role=status], main [role=status].ds-alert").first().waitFor();
  await open(p, path);
  await p.locator("main li.ds-card button").first().click();
  await p.locator("svg.qr").waitFor();
  await examine(p, "staff-code-320-sv");
  const code = await p.locator("p.code").innerText();
  // The person scans it on their own phone and says yes.
  const phone = await page(chrome, world.url);
  await phone.goto(`${world.url}/#/code/${code}`);
  assert.equal(await phone.inputValue("#code"), code);
  assert.doesNotMatch(phone.url(), /code/);
  await phone.locator("form button").click();
  await phone.locator("section[aria-labelledby=asked] li button").first().click();
  await phone.waitForFunction(() => !document.querySelector("section[aria-labelledby=asked]"));
  await phone.context().close();
  // The guardian says yes on paper.
  await open(p, `${path}/grants`);
  await p.selectOption("#who", { index: 2 });
  await p.selectOption("#what", "give");
  await p.selectOption("#how", "2");
  await p.fill("#when", "2026-03-01");
  await p.locator("form fieldset input").first().check();
  await p.locator("form button[type=submit]").click();
  await p.locator(".ds-tag[data-color=success]").waitFor();
  await examineAll(p, "staff", [["cases", "cases"], ["open", "open"], ["persons", path], ["grants", `${path}/grants`], ["consent", `${path}/consent`], ["law", `${path}/law`], ["lead", `${path}/lead`]],
    { open: "#contact-pol", grants: "#who", consent: "#obtained", law: "#provision", lead: "#phase" });
  await open(p, `${path}/lead`);
  await p.selectOption("#phase", "2");
  await p.locator("form button[type=submit]").first().click();
  await p.getByRole("heading", { name: "utreds" }).waitFor();
  await p.context().close();
});

test("an auditor finds a disclosure, keeps the filter in the address, and takes its proof", async () => {
  const family = await world.ask("family");
  const { consent } = await world.ask("agree", { case: family.case, drafts: [["needs", "soc", ["pol", "school"], "PURPOSE_COORDINATION"]], by: family.persons });
  await world.ask("share", { case: family.case, sender: "soc", to: ["pol", "school"], message_type: "NEEDS_INVENTORY", category: "needs", consent, times: 2 });
  const p = await login("audit.1@audit");
  await open(p, "disclosures");
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
  await examineAll(p, "auditor", [["log", "log"], ["disclosures", "disclosures?which=1"], ["recalls", "recalls"], ["case", `case?id=${family.case}`], ["counts", "counts?from=2026-01-01&until=2026-04-01"]],
    { log: "main dl", disclosures: "main li.ds-card" });
  await p.context().close();
});
