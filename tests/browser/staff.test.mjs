// SPDX-License-Identifier: EUPL-1.2
// A coordinator's pages in a real Chromium, logged in with a real identity provider.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, examine, examineAll, loginStaff, page, stage, view } from "./browser.mjs";

let world, chrome;
before(async () => {
  [world, chrome] = await Promise.all([stage(), browser()]);
});
after(async () => {
  await chrome?.close();
  await world?.close();
});

test("a coordinator opens a case, asks, hands out a code, records what was said on paper", async () => {
  const p = await loginStaff(chrome, world, "soc.1@soc");
  await view(p, world, "open");
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
  await view(p, world, `${path}/consent`);
  await p.selectOption("select[id^=category-]", "needs");
  await p.selectOption("select[id^=sender-]", "soc");
  await p.selectOption("select[id^=purpose-]", "1");
  await p.locator("input[id^=until-]").fill("2026-09-01");
  await p.locator("fieldset label", { hasText: "school" }).locator("input").check();
  await p.selectOption("#obtained", "1");
  await p.locator("form button[type=submit]").click();
  await p.locator("form [role=status], main [role=status].ds-alert").first().waitFor();
  await view(p, world, path);
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
  await view(p, world, `${path}/grants`);
  await p.selectOption("#who", { index: 2 });
  await p.selectOption("#what", "give");
  await p.selectOption("#how", "2");
  await p.fill("#when", "2026-03-01");
  await p.locator("form fieldset input").first().check();
  await p.locator("form button[type=submit]").click();
  await p.locator(".ds-tag[data-color=success]").waitFor();
  await examineAll(p, world, "staff", [["cases", "cases"], ["open", "open"], ["persons", path], ["grants", `${path}/grants`], ["consent", `${path}/consent`], ["law", `${path}/law`], ["lead", `${path}/lead`]],
    { open: "#contact-pol", grants: "#who", consent: "#obtained", law: "#provision", lead: "#phase" });
  await view(p, world, `${path}/lead`);
  await p.selectOption("#phase", "2");
  await p.locator("form button[type=submit]").first().click();
  await p.getByRole("heading", { name: "utreds" }).waitFor();
  await p.context().close();
});
