// SPDX-License-Identifier: EUPL-1.2
// A coordinator's pages in a real Chromium, logged in with a real identity provider.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { browser, examine, examineAll, loginStaff, page, scan, stage, tabTo, view } from "./browser.mjs";

let world, chrome;
before(async () => {
  [world, chrome] = await Promise.all([stage(), browser()]);
});
after(async () => {
  await chrome?.close();
  await world?.close();
});

const DONE = "main form .ds-alert[data-color=success]";

// Submits the form of that name and waits for what the page says: done, or what went wrong.
async function submit(p, name) {
  const form = p.locator(`form[aria-label="${name}"]`);
  await form.locator(".ds-alert").evaluateAll((all) => all.forEach((alert) => alert.setAttribute("data-former", "")));
  await form.locator("button[type=submit]").click();
  const alert = form.locator(".ds-alert:not([data-former])");
  await alert.waitFor();
  const kind = await alert.getAttribute("data-color");
  return { done: kind === "success", kind, text: await alert.innerText() };
}

async function recorded(p, name) {
  const { done, text } = await submit(p, name);
  assert.ok(done, text);
}

// One question of the consent form.
async function question(p, { category, sender = "soc", to, until = "2026-09-01" }) {
  await p.selectOption("select[id^=category-]", category);
  await p.selectOption("select[id^=sender-]", sender);
  await p.selectOption("select[id^=purpose-]", "1");
  await p.locator("input[id^=until-]").fill(until);
  await p.locator("fieldset label", { hasText: to }).locator("input").check();
}

// What one person said, to every question that is open and has these words.
async function said(p, who, what, how, words) {
  await p.selectOption("#who", { label: who });
  await p.selectOption("#what", what);
  await p.selectOption("#how", how);
  await p.fill("#when", "2026-03-01");
  const boxes = p.locator("form fieldset label", { hasText: words }).locator("input");
  await boxes.first().waitFor(); // the list may still be on its way
  for (const box of await boxes.all()) await box.check();
}

function card(p, words) {
  return p.locator("main li.ds-card", { hasText: words });
}

async function codeFor(p, path, name) {
  await view(p, world, path);
  await card(p, name).getByRole("button").click();
  await p.locator("svg.qr").waitFor();
  const code = await card(p, name).locator("p.code").innerText();
  assert.equal(await scan(p), `${world.url}/#/code/${code}`);
  return code;
}

// A person takes the tablet: logs in with the code, finds the page in their own language, says yes to everything, and logs out.
async function onTheTablet(tablet, code, language) {
  await tablet.goto(`${world.url}/#/code/${code}`);
  await tablet.waitForFunction((c) => document.querySelector("#code")?.value === c, code);
  assert.doesNotMatch(tablet.url(), /code/);
  await tablet.locator("form button").click();
  const cards = tablet.locator("section[aria-labelledby=asked] li");
  await cards.first().waitFor();
  assert.equal(await tablet.getAttribute("html", "lang"), language);
  assert.equal(await tablet.getAttribute("html", "dir"), language === "ar" ? "rtl" : "ltr");
  await examine(tablet, `staff-tablet-${language}`);
  for (let left = await cards.count(); left > 0; left--) {
    await cards.first().getByRole("button").first().click();
    await tablet.waitForFunction((n) => document.querySelectorAll("section[aria-labelledby=asked] li").length === n, left - 1);
  }
  await tablet.locator("header .who button").click();
  await tablet.locator("#code").waitFor();
  assert.equal(await tablet.evaluate(() => sessionStorage.length), 0);
}

test("a coordinator opens a case, asks on a tablet, on paper and by word of mouth, and hands out copies", async () => {
  const p = await loginStaff(chrome, world, "soc.1@soc");
  await view(p, world, "open");
  const names = p.locator("input[id^=name-]");
  await names.first().fill("Sam <img src=x onerror=alert(1)>");
  await p.locator("input[id^=born-]").fill("2010-01-15");
  await p.selectOption("select[id^=language-]", "so");
  await p.getByRole("button", { name: "Lägg till en vårdnadshavare" }).click();
  await names.nth(1).fill("Vera Testsson");
  await p.locator("select[id^=language-]").nth(1).selectOption("ar");
  await p.locator("#contact-pol").fill("pol.1");
  await p.locator("#contact-school").fill("school.1");
  await p.locator("#leads").fill("soc.1, soc.2");
  await p.locator("form button[type=submit]").click();
  await p.waitForURL(/#\/case\//);
  const path = new URL(p.url()).hash.slice(2);
  const id = path.slice("case/".length);
  await card(p, "Vera").waitFor();
  assert.equal(await p.locator("main img").count(), 0);
  await world.ask("take_over", { case: id });

  // The consent form with the keyboard alone, for each by themselves on a screen.
  await view(p, world, `${path}/consent`);
  const choose = async (selector, downs) => {
    await tabTo(p, p.locator(selector));
    for (let n = 0; n < downs; n++) await p.keyboard.press("ArrowDown");
  };
  await choose("select[id^=category-]", 3);
  await choose("select[id^=sender-]", 1);
  await choose("select[id^=purpose-]", 1);
  const until = p.locator("input[id^=until-]");
  await tabTo(p, until);
  await p.keyboard.type("09012026"); // in the order of the browser's own language (browser.mjs)
  assert.equal(await until.inputValue(), "2026-09-01");
  await tabTo(p, p.locator("fieldset label", { hasText: "Söderskolan" }).locator("input"));
  await p.keyboard.press("Space");
  await choose("#obtained", 1);
  await tabTo(p, p.locator("form button[type=submit]"));
  await p.keyboard.press("Enter");
  await p.locator(DONE).waitFor();
  assert.deepEqual(Object.values((await world.ask("standings", { case: id })).standing), ["CONSENTER_MISSING"]);

  // Each answers by themselves, one after the other, on the same tablet.
  const tablet = await page(chrome, world.url, { width: 768, height: 1024, locale: "sv-SE" });
  await onTheTablet(tablet, await codeFor(p, path, "Sam"), "so");
  await examine(p, "staff-code-320-sv");
  await p.getByRole("button", { name: "Dölj koden" }).click();
  await onTheTablet(tablet, await codeFor(p, path, "Vera"), "ar");
  assert.deepEqual(tablet.faults, []);
  await tablet.context().close();
  assert.deepEqual(Object.values((await world.ask("standings", { case: id })).standing), ["OK_CONSENT"]);

  // On paper: the text in the guardian's language, with lines to answer on and a code that says which text it is.
  await view(p, world, `${path}/consent`);
  await question(p, { category: "school_attendance", sender: "school", to: "Socialtjänsten", until: "2026-03-20" });
  await p.selectOption("#obtained", "2");
  await p.locator("input[id^=until-]").fill("2027-04-01");
  assert.deepEqual(await submit(p, "Nytt samtycke"), { done: false, kind: "danger", text: "Det skulle gälla för länge: välj en tidigare sista dag, högst tolv månader fram." });
  await p.locator("input[id^=until-]").fill("2026-03-20");
  await p.selectOption("#text-language", "ar");
  await p.locator("section.sheet [lang=ar]").waitFor();
  await p.fill("#obtained-at", "2026-02-28");
  await p.emulateMedia({ media: "print" });
  await examine(p, "staff-paper-ar");
  assert.equal(await p.locator("select:visible").count(), 0);
  assert.equal(await p.locator(".print-only.signature:visible").count(), 2);
  await p.locator("svg.qr").waitFor();
  const asked = (await p.locator("section.sheet [lang] p:not(.print-only)").allTextContents()).join("\n");
  assert.equal(await scan(p), `sluss:text:2026-1-form:ar:${createHash("sha256").update(asked).digest("hex")}`);
  await p.emulateMedia({ media: "screen" });
  await recorded(p, "Nytt samtycke");
  await view(p, world, `${path}/grants`);
  for (const who of ["Sam <img src=x onerror=alert(1)>", "Vera Testsson"]) {
    await said(p, who, "give", "2", "närvaro");
    await recorded(p, "Vad någon har sagt");
  }
  await card(p, "närvaro").locator(".ds-tag", { hasText: "Slutar snart" }).waitFor();
  await card(p, "närvaro").locator(".ds-tag[data-color=success]").waitFor();
  await p.locator("main .ds-alert", { hasText: "samtycke slutar inom trettio dagar" }).waitFor();
  await view(p, world, "cases");
  await card(p, id).getByText(/Ett samtycke slutar snart: .20 mars 2026/).waitFor();

  // By word of mouth: the guardian says no, and the page says why it does not count.
  await view(p, world, `${path}/consent`);
  await question(p, { category: "threat", sender: "pol", to: "Socialtjänsten" });
  await p.selectOption("#obtained", "3");
  await p.fill("#obtained-at", "2026-03-01");
  await recorded(p, "Nytt samtycke");
  await view(p, world, `${path}/grants`);
  await card(p, "Hot").getByText("Inte än:").waitFor();
  await said(p, "Vera Testsson", "refuse", "3", "Hot:");
  await recorded(p, "Vad någon har sagt");
  await card(p, "Hot").getByText("har sagt nej. Bara en ny fråga").waitFor();
  const kept = (await world.ask("consents", { case: id })).consents;
  assert.deepEqual(kept.map((c) => [c.obtained, c.text_language, c.obtained === "ELECTRONIC" ? c.obtained_at.slice(0, 10) : c.obtained_at]), [["ELECTRONIC", "sv", "2026-03-02"], ["PAPER", "ar", "2026-02-28 00:00"], ["ORAL", "sv", "2026-03-01 00:00"]]);

  // A copy for the guardian, in her language, that can be checked by its code.
  await p.locator("section", { hasText: "på papper" }).getByRole("link", { name: "Vera" }).click();
  await p.locator("#copy").waitFor();
  assert.equal(await p.locator("#copy").evaluate((e) => e.parentElement.dir), "rtl");
  const says = await scan(p);
  assert.match(says, /^sluss:receipt:sluss\.test\/e2e:\d+:[0-9a-f]{64}$/);
  assert.ok((await p.locator("#copy").innerText()).includes(says.slice(-64)));
  await examine(p, "staff-copy-320-ar");
  await p.emulateMedia({ media: "print" });
  assert.equal(await p.locator("button:visible, select:visible, header:visible").count(), 0);
  await examine(p, "staff-copy-print-ar");
  await p.emulateMedia({ media: "screen" });

  await examineAll(p, world, "staff", [["cases", "cases"], ["open", "open"], ["persons", path], ["members", `${path}/members`], ["grants", `${path}/grants`], ["consent", `${path}/consent`], ["law", `${path}/law`], ["lead", `${path}/lead`]],
    { open: "#contact-pol", persons: "#outcome", members: "#contact-pol", grants: "#who", consent: "#obtained", law: "#provision", lead: "#phase" });
  await p.context().close();
});

test("guardians, maturity, members, views and protection are recorded later; who leads no case cannot", async () => {
  const family = await world.ask("family");
  const { consent } = await world.ask("agree", { case: family.case, drafts: [["needs", "soc", ["pol"], "PURPOSE_COORDINATION"]], by: family.persons });
  await world.ask("share", { case: family.case, sender: "soc", to: ["pol"], message_type: "NEEDS_INVENTORY", category: "needs", consent });
  const p = await loginStaff(chrome, world, "soc.2@soc");
  const path = `case/${family.case}`;
  await view(p, world, path);
  const guardians = p.locator('form[aria-label="Registrerade vårdnadshavare"]');
  await guardians.getByRole("button", { name: "Lägg till" }).click();
  await guardians.locator("input[id^=name-]").fill("Ove Testsson");
  await recorded(p, "Registrerade vårdnadshavare");
  await card(p, "Ove Testsson").getByText("Måste säga ja i dag").waitFor();
  await view(p, world, `${path}/grants`);
  await p.getByText("Vårdnadshavarna har ändrats. Inte än: \u2068Ove Testsson").waitFor();

  await view(p, world, path);
  await p.selectOption("#outcome", "3");
  await p.fill("#assessment", "Understands what it is about");
  assert.deepEqual(await submit(p, "Mognadsbedömning"), { done: false, kind: "danger", text: "I den här åldern, eller i den här insatsen, kan en bedömning inte avgöra det." });
  await p.selectOption("#outcome", "1");
  await recorded(p, "Mognadsbedömning");
  assert.deepEqual((await world.ask("shown", { case: family.case })).required, [family.persons[0]]);
  await p.waitForFunction(() => document.querySelector("main").innerText.split("Måste säga ja i dag").length === 2);
  await guardians.locator("label", { hasText: "Ove" }).locator("input").uncheck();
  await recorded(p, "Registrerade vårdnadshavare");
  assert.deepEqual((await world.ask("shown", { case: family.case })).guardians, [family.persons[1]]);

  await view(p, world, `${path}/members`);
  await p.fill("#contact-school", "");
  await p.fill("#contact-health", "health.1 health.2");
  await recorded(p, "Ändra medlemmarna");
  assert.deepEqual((await world.ask("shown", { case: family.case })).members, { soc: ["soc.1", "soc.2"], pol: ["pol.1"], health: ["health.1", "health.2"] });
  await p.locator("main dl", { hasText: "BUP Söder" }).waitFor();

  await view(p, world, `${path}/lead`);
  await p.selectOption("#guardian", { label: "Vera Testsson" });
  await p.selectOption("#part", { index: 1 });
  assert.match(await p.locator("#part option:checked").innerText(), /2 mars 2026: behov och styrkor, Socialtjänsten Söder – Polisen Söder/);
  await p.fill("#why", "Harm to the minor");
  await recorded(p, "Skydd");
  await p.locator("main li", { hasText: "Vera Testsson: ser inte ett av meddelandena." }).waitFor();
  await p.selectOption("#guardian", { label: "Vera Testsson" });
  await p.fill("#why", "Harm to the minor");
  await p.locator("label", { hasText: "Skyddade personuppgifter" }).locator("input").check();
  await recorded(p, "Skydd");
  await p.locator("main li", { hasText: "Vera Testsson: ser inget av det här ärendet." }).waitFor();
  await p.getByText("Skyddad person.").waitFor();
  assert.equal((await world.ask("shown", { case: family.case })).protected, true);
  await examine(p, "staff-protection-320-sv");
  await p.selectOption("#guardian", { label: "Vera Testsson" });
  await p.selectOption("#limited", "lift");
  await p.fill("#why", "She moved");
  await recorded(p, "Skydd");
  await p.waitForFunction(() => !document.querySelector("main").innerText.includes("ser inget"));
  await view(p, world, `${path}/consent`);
  await p.getByText("Den skyddade personen har uttryckligen sagt ja").waitFor();
  await p.context().close();

  // An officer of the same authority who has nothing to do with the case: no names, and nothing can be recorded.
  const other = await loginStaff(chrome, world, "soc.5@soc");
  await view(other, world, path);
  await card(other, family.persons[0]).waitFor();
  assert.equal(await other.getByText("Testsson").count(), 0);
  assert.equal(await other.locator("#outcome").count(), 0);
  await card(other, family.persons[0]).getByRole("button").click();
  await card(other, family.persons[0]).getByText("Du har inte rätt att göra det här").waitFor();
  await view(other, world, `${path}/consent`);
  await question(other, { category: "needs", to: "Polisen" });
  await other.selectOption("#obtained", "3");
  const before_ = await world.ask("log_size");
  assert.deepEqual(await submit(other, "Nytt samtycke"), { done: false, kind: "danger", text: "Du har inte rätt att göra det här i det här ärendet." });
  await view(other, world, `${path}/lead`);
  await other.selectOption("#phase", "6");
  assert.match((await submit(other, "Fas")).text, /inte rätt/);
  assert.equal(await other.locator("#guardian").count(), 0);
  assert.deepEqual(await world.ask("log_size"), before_);
  await other.context().close();
});

test("a withdrawal by word of mouth: no answer is said to be none, again is once, then it is assessed and the case closed", async () => {
  const family = await world.ask("family");
  const { consent } = await world.ask("agree", { case: family.case, drafts: [["needs", "soc", ["pol"], "PURPOSE_COORDINATION"], ["threat", "pol", ["soc"], "PURPOSE_PROTECTION"]], by: family.persons });
  await world.ask("share", { case: family.case, sender: "soc", to: ["pol"], message_type: "NEEDS_INVENTORY", category: "needs", consent });
  const p = await loginStaff(chrome, world, "soc.1@soc");
  const path = `case/${family.case}`;
  await view(p, world, `${path}/grants`);
  await said(p, "Vera Testsson", "pause", "3", "Hot:");
  await recorded(p, "Vad någon har sagt");
  await card(p, "Hot").getByText("Någon har pausat det").waitFor();
  await p.selectOption("#what", "stop-category");
  await p.selectOption("#target", "needs");
  // The gateway does it, and its answer is lost.
  let sent;
  await p.route("**/sluss.v1.ConsentService/Withdraw", async (route) => {
    sent = { url: route.request().url(), headers: await route.request().allHeaders(), body: [...route.request().postDataBuffer()] };
    await route.fetch();
    await route.abort();
  });
  const lost = await submit(p, "Vad någon har sagt");
  assert.equal(lost.kind, "warning");
  assert.match(lost.text, /Vi vet inte om det registrerades/);
  await p.unroute("**/sluss.v1.ConsentService/Withdraw");
  p.faults.length = 0;
  const done = await world.ask("withdrawals");
  // Whoever took the request on its way can do nothing with it.
  const replayed = await p.evaluate(async ({ url, headers, body }) => {
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => /^(content-type|connect-|sluss-session)/.test(name)));
    const answer = await fetch(url, { method: "POST", headers: kept, body: new Uint8Array(body) });
    return [answer.status, (await answer.json()).code];
  }, sent);
  assert.deepEqual(replayed, [401, "unauthenticated"]);
  await recorded(p, "Vad någon har sagt");
  assert.deepEqual(await world.ask("withdrawals"), done);
  await card(p, "behov").getByText("har stoppat det. Bara en ny fråga").waitFor();

  // The programme cannot do without it: what is left is to close.
  await p.getByRole("link", { name: "Bedöm om arbetet kan fortsätta" }).click();
  await p.getByText("Ärendet avslutas: insatsen klarar sig inte utan").waitFor();
  await card(p, "Polisen Söder").getByText("De har inte svarat än.").waitFor();
  await examine(p, "staff-assess-320-sv");
  await p.setViewportSize({ width: 1280, height: 900 });
  await examine(p, "staff-assess-1280-sv");
  await p.selectOption("#phase", "2");
  assert.equal((await submit(p, "Fas")).text, "Ärendet kan inte gå till den fasen nu.");
  await p.selectOption("#phase", "7");
  await p.selectOption("#reason", "2");
  await p.locator('form[aria-label="Fas"] button[type=submit]').click();
  await p.getByText("Ärendet är avslutat och förblir det.").waitFor();
  assert.equal((await world.ask("shown", { case: family.case })).phase, "PHASE_CLOSED");
  await examine(p, "staff-closed-1280-sv");
  await p.context().close();
});

test("a case goes through its phases", async () => {
  const family = await world.ask("family");
  const { consent } = await world.ask("agree", { case: family.case, drafts: [["crime_suspicion", "pol", ["soc"], "PURPOSE_COORDINATION"], ["enrolment", "soc", ["pol"], "PURPOSE_COORDINATION"]], by: family.persons });
  const p = await loginStaff(chrome, world, "soc.1@soc");
  await view(p, world, `case/${family.case}/lead`);
  const move = async (phase, heading) => {
    await p.selectOption("#phase", phase);
    await recorded(p, "Fas");
    await p.getByRole("heading", { name: `Fas: \u2068${heading}` }).waitFor();
  };
  await p.selectOption("#phase", "3");
  assert.equal((await submit(p, "Fas")).text, "Ärendet kan inte gå till den fasen nu."); // the police have assessed nothing yet
  const assessed = { case: family.case, sender: "pol", to: ["soc"], message_type: "SUITABILITY_ASSESSMENT", category: "crime_suspicion", consent };
  assert.deepEqual((await world.ask("share", assessed)).reasons, ["OK_CONSENT"]);
  await move("3", "pågår");
  await move("4", "pausat");
  await move("5", "vilande");
  await move("6", "avslutas");
  await move("5", "vilande"); // back to where it came from
  await p.context().close();
});

test("sharing by law: one officer asks, another approves; the person is told later; it ends", async () => {
  const family = await world.ask("family");
  const path = `case/${family.case}/law`;
  const first = await loginStaff(chrome, world, "soc.9@soc"); // has the right to approve, but not what they asked for themselves
  await world.ask("contact", { case: family.case, officer: "soc.9" });
  await view(first, world, path);
  const ask = async (later) => {
    await first.fill("#provision", "OSL-10-18a");
    await first.selectOption("#type", { label: "Begäran om lämplighetsbedömning" });
    await first.selectOption("#kind", "enrolment");
    await first.selectOption("#to", "pol");
    await first.fill("#necessity", "To prevent crime");
    await first.fill("#later", later);
    if (later !== "") await first.fill("#reasons", "He would warn others");
    return submit(first, "Begär att få dela enligt lag");
  };
  assert.equal((await ask("2026-02-01")).text, "Att berätta senare för personen kräver skäl och en dag som ligger framåt i tiden.");
  const asked = await ask("2026-03-10");
  assert.ok(asked.done, asked.text);
  await card(first, "OSL-10-18a").getByText("Du har själv begärt det här. En annan handläggare måste svara.").waitFor();
  assert.equal(await card(first, "OSL-10-18a").getByRole("button").count(), 0);
  const { approval } = await world.ask("approval", { case: family.case, by: "soc" });
  assert.deepEqual(await world.ask("answer_law", { by: "soc", approval, officer: "soc.9" }), { ok: false, reason: "NOT_ENTITLED" });
  await examine(first, "staff-law-asked-320-sv");

  const second = await loginStaff(chrome, world, "soc.8@soc");
  await view(second, world, path);
  await card(second, "OSL-10-18a").getByText("10 mars 2026").waitFor();
  await examine(second, "staff-law-waits-320-sv");
  await second.getByRole("button", { name: "Godkänn" }).click();
  await card(second, "OSL-10-18a").getByText(/Godkänt till .16 mars 2026/).waitFor();
  assert.deepEqual((await world.ask("share_by_law", { case: family.case, sender: "soc", to: "pol", message_type: "SUITABILITY_REQUEST", category: "enrolment", approval })).reasons, ["OK_STATUTE"]);

  const { code } = await world.ask("code", { case: family.case, person: family.persons[0] });
  const person = await page(chrome, world.url);
  await person.goto(`${world.url}/#/code/${code}`);
  await person.locator("#code").waitFor();
  await person.locator("form button").click();
  await person.locator("main nav").waitFor();
  const seen = async () => {
    await person.goto(`${world.url}/#/1/shared`);
    await person.reload();
    await person.getByRole("heading", { level: 1, name: "Det som delats" }).waitFor();
    await person.waitForFunction(() => !document.querySelector("main p[role=status]"));
    return person.locator("ol.cards > li").count();
  };
  assert.equal(await seen(), 0);
  await world.ask("later", { days: 9 });
  assert.equal(await seen(), 1);
  await person.context().close();
  await world.ask("later", { days: 6 });
  await second.reload();
  await card(second, "OSL-10-18a").getByText("tiden gick ut").waitFor();
  assert.deepEqual((await world.ask("share_by_law", { case: family.case, sender: "soc", to: "pol", message_type: "SUITABILITY_REQUEST", category: "enrolment", approval })).reasons, ["STATUTE_EXPIRED"]);

  // Asked again, and refused by the other.
  assert.ok((await ask("")).done);
  await second.reload();
  await second.getByRole("button", { name: "Neka" }).click();
  await card(second, "Nekat").waitFor();
  await first.context().close();
  await second.context().close();
});
