// SPDX-License-Identifier: EUPL-1.2
// A person's flows in a real Chromium, on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, examine, page, stage } from "./browser.mjs";
import { dark, enlarged, printed } from "./looks.mjs";

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

// The button that confirms a withdrawal (the other red one leaves the page).
function stopButton(p) {
  return p.locator("main button[data-color=danger]");
}

async function open(p, ...path) {
  await p.goto(`${world.url}/#/${path.join("/")}`);
  await p.locator("main h1").waitFor();
}

// A family whose consent waits for the subject only.
async function asked(drafts, { language = "sv", ...more } = {}) {
  const family = await world.ask("family", { languages: [language, language, language], ...more });
  const made = await world.ask("agree", { case: family.case, drafts });
  await world.ask("give", { case: family.case, person: family.persons[1], grants: made.grants });
  return { ...family, ...made };
}

async function agreed(drafts, more) {
  const family = await asked(drafts, more);
  await world.ask("give", { case: family.case, person: family.persons[0], grants: family.grants });
  return family;
}

async function standings(family) {
  return Object.values((await world.ask("standings", { case: family.case })).standing);
}

// Presses Tab until the element has the focus: there is no other way for many.
async function tabTo(p, locator) {
  for (let n = 0; n < 60; n++) {
    if (await locator.evaluate((e) => e === document.activeElement)) return;
    await p.keyboard.press("Tab");
  }
  throw new Error("not reached by the keyboard");
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
  // The whole question is there before the answer, with names that people know.
  assert.match(await p.locator(".question").last().innerText(), /^\u2068Socialtjänsten Söder\u2069 får berätta för .*Söder.* om det här: behov och styrkor\..*\n+.*\n+Det gäller från 2 mars 2026, /);
  for (let left = grants.length; left > 0; left--) {
    await p.locator("section[aria-labelledby=asked] li").first().getByRole("button").first().click();
    await p.waitForFunction((n) => document.querySelectorAll("section[aria-labelledby=asked] li").length === n, left - 1);
  }
  const yes = await p.locator("main bdi.number").innerText();
  await p.getByRole("link", { name: "Visa kvittot" }).click();
  await p.locator("main .words").waitFor();
  assert.match(await p.locator("main .words").innerText(), new RegExp(`^DU SA JA[^]*${yes}[^]*När: 2026-03-02 `)); // the gateway's time, not this machine's
  await examine(p, "person-receipt-yes-320-sv");
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
  await stopButton(p).click();
  await p.locator("bdi.number").waitFor();
  await examine(p, "person-receipt-320-sv");
  const number = await p.locator("bdi.number").first().innerText();
  assert.match(number, /^2026-\d{6}$/);
  await p.locator("main .words").waitFor();
  const receipt = (await p.locator("main .words").innerText()).trim();
  assert.equal(await printed(p), receipt); // and nothing else
  for (const words of ["DU STOPPADE", number, "När: 2026-03-02 ", "behov och styrkor", "Från: \u2068Socialtjänsten Söder\u2069", "BEGÄRT TILLBAKA", "Polisen Söder"]) assert.ok(receipt.includes(words), words);
  assert.match(await p.locator("dl.facts").innerText(), /2 mars 2026/);
  const after_ = (await world.ask("standings", { case: family.case })).standing;
  assert.deepEqual([...new Set(Object.values(after_))], ["WITHDRAWN"]);
});

for (const [language, locale] of [["sv", "sv-SE"], ["en", "en-GB"], ["ar", "ar"], ["so", "so"]])
  test(`every page in ${language}, on a phone and on a desk`, async () => {
    const rtlOrFirst = ["sv", "ar"].includes(language);
    const script = "<img src=x onerror=alert(1)>";
    const family = await asked(DRAFTS, { language, names: [`${script} Sam`, `Vera ${script}`, "Ove"] });
    const p = await login(family.persons[0], family, { locale });
    assert.equal(await p.getAttribute("html", "dir"), language === "ar" ? "rtl" : "ltr");
    assert.equal(await p.locator("main img").count(), 0);
    assert.match(await p.locator("header strong").innerText(), /<img src=x/);
    await p.locator("section[aria-labelledby=newest] li").first().waitFor();
    await examine(p, `person-asked-320-${language}`);
    if (rtlOrFirst) {
      await enlarged(p);
      await dark(p, `person-asked-dark-320-${language}`);
    }
    const follow = p.locator("section[aria-labelledby=asked] li");
    for (let left = family.grants.length; left > 1; left--) {
      await follow.last().getByRole("button").first().click();
      await p.waitForFunction((n) => document.querySelectorAll("section[aria-labelledby=asked] li").length === n, left - 1);
    }
    assert.deepEqual((await standings(family)).sort(), ["CONSENTER_MISSING", "OK_CONSENT", "OK_CONSENT", "OK_CONSENT"]); // one question is left, nothing is on without a yes
    await world.ask("share", { case: family.case, sender: "soc", to: ["pol", "school"], message_type: "NEEDS_INVENTORY", category: "needs", consent: family.consent });
    for (const [name, ...path] of [["shared", "1", "shared"], ["choose", "1", "stop"], ["stop", "1", "stop", "everything"]]) {
      await open(p, ...path);
      await p.locator("main li").first().waitFor();
      await examine(p, `person-${name}-320-${language}`);
      if (rtlOrFirst) await enlarged(p);
    }
    await stopButton(p).click();
    await p.locator("main .words").waitFor();
    await examine(p, `person-receipt-320-${language}`);
    if (rtlOrFirst) await dark(p, `person-receipt-dark-320-${language}`);
    await open(p, "1", "notices");
    await p.locator("main li").nth(2).waitFor();
    assert.match(await p.locator("main li .quiet").first().innerText(), { sv: /^2 mars 2026$/, en: /^2 March 2026$/, ar: /^2 مارس 2026$/, so: /^2 Maarso 2026$/ }[language]);
    await examine(p, `person-notices-320-${language}`);
    if (rtlOrFirst) await enlarged(p);
    await open(p, "1", "recalls");
    await p.locator("main li").first().waitFor();
    await examine(p, `person-recalls-320-${language}`);
    await p.setViewportSize({ width: 1280, height: 900 });
    await examine(p, `person-recalls-1280-${language}`);
    await open(p, "1");
    await examine(p, `person-agreements-1280-${language}`);
    await open(p, "accessibility");
    await examine(p);
    await p.context().close();
  });

test("with the keyboard alone: agree, refuse, withdraw", async () => {
  const family = await asked(DRAFTS.slice(0, 1));
  const p = await login(family.persons[0], family);
  const cards = p.locator("section[aria-labelledby=asked] li");
  await tabTo(p, cards.first().getByRole("button").first());
  await p.keyboard.press("Enter");
  await p.waitForFunction(() => document.querySelectorAll("section[aria-labelledby=asked] li").length === 1);
  assert.ok(await p.evaluate(() => document.activeElement?.className === "said")); // not lost with the button
  await tabTo(p, cards.first().getByRole("button").last());
  await p.keyboard.press("Enter");
  await tabTo(p, cards.first().locator("button[data-color=danger]"));
  await p.keyboard.press("Enter");
  await p.waitForFunction(() => !document.querySelector("section[aria-labelledby=asked]"));
  assert.deepEqual((await standings(family)).sort(), ["OK_CONSENT", "REFUSED"]);
  await tabTo(p, p.locator('a[href="#/1/stop/everything"]'));
  await p.keyboard.press("Enter");
  await tabTo(p, stopButton(p));
  await p.keyboard.press("Enter");
  await p.locator("bdi.number").first().waitFor();
  assert.deepEqual([...new Set(await standings(family))], ["WITHDRAWN"]);
  await p.context().close();
});

test("a guardian sees for whom they act, and nothing where the coordinator limited it", async () => {
  const family = await agreed(DRAFTS.slice(1, 2));
  const p = await login(family.persons[1], family);
  await p.locator("main li.ds-card").first().waitFor();
  assert.match(await p.locator("main [role=status]").first().innerText(), /vårdnadshavare för.*Sam Testsson/);
  await examine(p, "guardian-320-sv");
  await p.evaluate(() => scrollTo(0, document.body.scrollHeight));
  assert.ok(await p.evaluate(() => scrollY > 0 && document.querySelector(".acting").getBoundingClientRect().top >= 0), "who acts for whom stays in sight");
  await world.ask("limit", { case: family.case, guardian: family.persons[1] });
  await p.reload();
  await p.getByText("visar dig inget").waitFor();
  assert.equal(await p.locator("main li.ds-card").count(), 0);
  await examine(p, "guardian-limited-320-sv");
  await p.context().close();
});

test("no answer to a withdrawal: the page does not know, and says so; pressing again gives the receipt", async () => {
  const family = await agreed(DRAFTS.slice(0, 1));
  const p = await login(family.persons[0], family);
  await open(p, "1", "stop", "category", "0");
  await p.locator("section ul li").first().waitFor();
  await world.ask("stop_core");
  await stopButton(p).click();
  await p.locator("main [role=alert]").waitFor();
  assert.match(await p.locator("main [role=alert]").innerText(), /Vi vet inte om det stoppades/);
  assert.equal(await p.getByText("Inget mer av det här").count(), 0);
  await world.ask("go_on");
  // The same when the gateway has done it and its answer is lost.
  let lost = 0;
  await p.route("**/sluss.v1.PersonService/Withdraw", async (route) => {
    await route.fetch();
    lost++;
    await route.abort();
  });
  await stopButton(p).click();
  await p.waitForFunction(() => !document.querySelector("main button[aria-busy=true]"));
  assert.match(await p.locator("main [role=alert]").innerText(), /Vi vet inte om det stoppades/);
  assert.equal(lost, 1);
  await p.unroute("**/sluss.v1.PersonService/Withdraw");
  p.faults.length = 0;
  await examine(p, "person-unknown-320-sv");
  await stopButton(p).click();
  await p.locator("bdi.number").first().waitFor();
  assert.deepEqual([...new Set(await standings(family))], ["WITHDRAWN"]);
  await p.context().close();
});

test("two tabs withdraw at once: it is stopped, and neither page says anything else", async () => {
  const family = await agreed(DRAFTS.slice(0, 1));
  const tabs = [await login(family.persons[0], family), await login(family.persons[0], family)];
  for (const p of tabs) {
    await open(p, "1", "stop", "everything");
    await p.locator("section ul li").first().waitFor();
  }
  await Promise.all(tabs.map((p) => stopButton(p).click()));
  await Promise.all(tabs.map((p) => p.locator("main .ds-alert").first().waitFor()));
  const kinds = await Promise.all(tabs.map((p) => p.locator("main .ds-alert").first().getAttribute("data-color")));
  assert.ok(kinds.includes("success"), kinds.join());
  assert.deepEqual([...new Set(await standings(family))], ["WITHDRAWN"]);
  for (const p of tabs) await p.context().close();
});

test("many disclosures come page by page; leaving empties the page and leaves nothing behind", async () => {
  const family = await agreed(DRAFTS.slice(0, 1));
  await world.ask("share", { case: family.case, sender: "soc", to: ["pol", "school"], message_type: "NEEDS_INVENTORY", category: "needs", consent: family.consent, times: 60 });
  const p = await login(family.persons[0], family);
  await open(p, "1", "shared");
  await p.locator("ol.cards > li").nth(49).waitFor();
  assert.equal(await p.locator("ol.cards > li").count(), 50);
  for (const count of [100, 120]) {
    await p.locator("main button").last().click();
    await p.waitForFunction((n) => document.querySelectorAll("ol.cards > li").length === n, count);
  }
  assert.equal(await p.locator("main button").count(), 0);
  const left = await p.evaluate(async () => [localStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length, document.cookie]);
  assert.deepEqual(left, [0, 0, 0, ""]);
  assert.deepEqual(await p.context().cookies(), []);
  assert.equal(await p.title(), "Start");
  assert.doesNotMatch(p.url(), new RegExp(family.case)); // what the browser's history keeps
  const [answer] = await Promise.all([p.waitForResponse("**/sluss.v1.PersonService/ListNotices"), open(p, "1", "notices")]);
  assert.match(answer.headers()["cache-control"], /no-store/);
  await p.context().route("https://www.wikipedia.org/**", (route) => route.fulfill({ body: "elsewhere" }));
  await p.context().route("**/sluss.v1.SessionService/End", () => undefined); // the gateway does not hear of it: the page goes all the same, and nothing is left of it
  await p.locator("header button[data-color=danger]").click();
  assert.equal(await p.locator("#app").innerText(), "");
  await p.waitForURL("https://www.wikipedia.org/");
  p.faults.length = 0; // that request was ours
  for (const back of [() => p.goBack(), () => p.goto(world.url), () => p.reload()]) {
    await back();
    await p.locator("#code").waitFor();
    assert.equal(await p.getByText("Sam Testsson").count(), 0);
    assert.deepEqual(await p.evaluate(() => [sessionStorage.length, localStorage.length]), [0, 0]);
  }
  await p.context().close();
});

test("a session that nobody uses is over on the screen, too", async () => {
  const family = await agreed(DRAFTS.slice(1, 2));
  const { code } = await world.ask("code", { case: family.case, person: family.persons[0] });
  const p = await page(chrome, world.url);
  await p.clock.install();
  await p.goto(world.url);
  await p.fill("#code", code);
  await p.locator("form button").click();
  await p.getByText("Sam Testsson").waitFor();
  await p.locator("main li.ds-card").first().waitFor();
  await p.clock.fastForward("25:00");
  await p.locator("#code").waitFor();
  assert.equal(await p.getByText("Sam Testsson").count(), 0);
  assert.equal(await p.evaluate(() => sessionStorage.length), 0);
  await p.context().close();
});

test("the pages may not be framed, and run nothing but their own script", async () => {
  const p = await page(chrome, world.url);
  const headers = (await p.goto(world.url)).headers();
  assert.match(headers["content-security-policy"], /frame-ancestors 'none'/);
  assert.doesNotMatch(headers["content-security-policy"], /script-src[^;]*unsafe/);
  assert.match(headers["cache-control"] ?? "", /no-store|no-cache/);
  await p.locator("#code").waitFor();
  await examine(p, "login-320-sv");
  await p.fill("#code", "ABCDEF-GHJK-MNPQ-RSTV-WXYZ");
  await p.locator("form button").click();
  await p.locator("form [role=alert]").waitFor();
  await examine(p, "login-refused-320-sv");
  await p.context().close();
});
