// SPDX-License-Identifier: EUPL-1.2
// An auditor's pages in a real Chromium with ten thousand disclosures, logins with a real identity provider, and what somebody hostile tries: tokens, sessions, foreign
// pages, script in every text. One world for all: clock and log go on from test to test.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browser, examine, examineAll, loginStaff, page, stage, TOP, view } from "./browser.mjs";

const MANY = 10_000;
const MARK = "<img src=x onerror=alert(1)><script>alert(2)</script>";
const BIRTH = `${new Date().getUTCFullYear() - 19}-01-02`; // of age, and young enough for the programme, whenever this runs

let world, chrome, big, small, foreign;
before(async () => {
  [world, chrome] = await Promise.all([stage({ demo_clock_start: new Date().toISOString() }, { mark: MARK, outside: true }), browser()]);
  // One case with a little of everything, then one with ten thousand disclosures.
  small = await world.ask("family", { birth: BIRTH.replace("-01-02", "-01-03"), guardians: 0, names: [`Sam ${MARK}`] });
  const { consent } = await world.ask("agree", { case: small.case, drafts: [["needs", "soc", ["pol", "school"], "PURPOSE_COORDINATION"]], by: small.persons });
  await world.ask("share", { case: small.case, sender: "soc", to: ["pol", "school"], message_type: "NEEDS_INVENTORY", category: "needs", consent, times: 2 });
  const denied = await world.ask("share", { case: small.case, sender: "soc", to: ["pol"], message_type: "NEEDS_INVENTORY", category: "social_measures", consent });
  assert.deepEqual(denied.reasons, ["WRONG_CATEGORY"]);
  await world.ask("statute", { case: small.case, provision: "OSL-10-18a", message_type: "NEEDS_INVENTORY", category: "needs", to: ["pol"], necessity: MARK });
  big = await world.ask("family", { birth: BIRTH, guardians: 0, names: [`Kim ${MARK}`] });
  const observed = await world.ask("agree", { case: big.case, drafts: [["police_observation", "pol", ["soc"], "PURPOSE_COORDINATION"]], by: big.persons });
  await world.ask("many", { case: big.case, consent: observed.consent, count: MANY });
  await world.ask("stop", { case: small.case, person: small.persons[0] });
  await world.ask("outside");
  await world.ask("later", { days: 20 }); // what is asked back is overdue
});
after(async () => {
  foreign?.close();
  await chrome?.close();
  await world?.close();
});

// Nothing that looks like a name, a field of an address or a text became markup.
async function inert(p) {
  assert.equal(await p.locator("body img, body script:not([src])").count(), 0);
  assert.deepEqual(p.faults, []);
}

// Types it into every field that takes text, and says into how many.
async function typeInto(p, fields) {
  const all = await p.locator(fields).all();
  for (const field of all) await field.fill(MARK);
  return all.length;
}

async function saved(p, button) {
  const [file] = await Promise.all([p.waitForEvent("download"), button.click()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
}

const rows = (p) => p.locator("main li.ds-card");

test("an auditor's pages: everything there is to see, in four languages, on a phone and on a desk", async () => {
  const { size } = await world.ask("replayed", { found: 3 });
  const p = await loginStaff(chrome, world, "audit.1@audit");
  await examineAll(
    p, world, "auditor",
    [["log", "log"], ["disclosures", `disclosures?case=${small.case}`], ["recalls", "recalls"], ["case", `case?id=${small.case}`], ["counts", "counts"]],
    { log: "main dl", disclosures: "main li.ds-card", recalls: "main li.ds-card", case: "main ol.timeline li", counts: "main table" },
  );
  // What the pages show is what happened.
  await view(p, world, "log");
  await p.locator("main dl").waitFor();
  assert.match((await p.locator("main").innerText()).replaceAll(/(?<=\d)\s(?=\d)/g, ""), new RegExp(`3[^]*${size}[^]*audit`)); // what was found, over how many entries, by whom
  assert.match(await rows(p).innerText(), /witness\.example/);
  assert.doesNotMatch(await p.locator("main").innerText(), /aldrig hittills/);
  await view(p, world, "disclosures?which=2");
  await rows(p).first().waitFor();
  assert.equal(await rows(p).count(), 1);
  assert.match(await rows(p).first().innerText(), /WRONG_CATEGORY/);
  await view(p, world, "disclosures?which=1&ground=2");
  await rows(p).first().waitFor();
  assert.equal(await rows(p).count(), 1);
  await view(p, world, "recalls");
  await rows(p).first().waitFor();
  assert.equal(await rows(p).count(), 2); // pol and school
  await view(p, world, `case?id=${small.case}`);
  const events = await p.locator("main ol.timeline li bdi").allInnerTexts();
  for (const event of ["case_opened", "consent_recorded", "message_accepted", "message_denied", "statute_approved", "released", "withdrawal", "recall_opened", "recall_overdue"])
    assert.ok(events.includes(event), event);
  await p.locator("main ol.timeline summary").first().click();
  assert.doesNotMatch(await p.locator("main").innerText(), /Sam/);
  await view(p, world, "counts");
  await p.locator("main table").waitFor();
  const figures = await p.locator("main tbody tr").evaluateAll((trs) => trs.map((tr) => [...tr.querySelectorAll("td")].map((td) => Number(td.textContent.replaceAll(/\D/g, "")))));
  const sums = figures.reduce((a, b) => a.map((v, i) => v + b[i]));
  assert.deepEqual(sums.slice(0, 4), [MANY + 5, 1, 1, 1]); // released, denied, by law, withdrawals
  assert.equal(await p.locator("figure svg[role=img]").count(), 5);
  // Each kind of look is in the log, and every page says so.
  assert.match(await p.locator("main [role=status]").first().innerText(), /loggen/);
  const { looks } = await world.ask("looks");
  for (const what of ["log-health", "disclosures", "recalls", "timeline", "counts"]) assert.ok(looks.includes(what), what);
  const before_ = looks.length;
  await view(p, world, "log");
  await p.locator("main dl").waitFor();
  assert.equal((await world.ask("looks")).looks.length, before_ + 1);
  await p.context().close();
});

test("ten thousand disclosures: page by page, filters that stay in the address, proofs that hold, all of it as CSV", async () => {
  const p = await loginStaff(chrome, world, "audit.2@audit", { width: 1280, height: 900 });
  await view(p, world, "disclosures?which=1");
  await rows(p).nth(99).waitFor();
  assert.equal(await rows(p).count(), 100);
  for (const count of [200, 300]) {
    await p.locator("main button").last().click();
    await p.waitForFunction((n) => document.querySelectorAll("main li.ds-card").length === n, count);
  }
  assert.ok((await p.evaluate(() => performance.memory.usedJSHeapSize)) < 64 << 20);
  for (const width of [320, 1280]) {
    await p.setViewportSize({ width, height: 900 });
    assert.ok(await p.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
  }
  // What lies before the ten thousand is found, by a filter that is part of the address: for whoever opens the link, too.
  await p.fill("#filter-recipient", "school");
  await p.locator("#filter-recipient").press("Tab");
  await p.waitForFunction(() => document.querySelectorAll("main li.ds-card").length === 2);
  assert.match(p.url(), /which=1&recipient=school$/);
  const shown = await p.locator("main ol").innerText();
  await p.reload();
  await rows(p).nth(1).waitFor();
  assert.equal(await p.locator("main ol").innerText(), shown);
  assert.equal(await p.inputValue("#filter-recipient"), "school");
  assert.equal(await p.inputValue("#filter-which"), "1");
  const link = p.url();
  await view(p, world, "log");
  await p.goto(link);
  await rows(p).nth(1).waitFor();
  assert.equal(await p.locator("main ol").innerText(), shown);
  // A proof, checked by a program that knows nothing but the log's key; it is of this entry only.
  const proof = await saved(p, rows(p).first().getByRole("button"));
  assert.match(proof.name, /^\d+\.tlog-proof$/);
  const index = Number.parseInt(proof.name, 10);
  assert.equal((await world.ask("check_proof", { index, proof: proof.text })).status, 0);
  assert.notEqual((await world.ask("check_proof", { index, proof: proof.text, entry: index - 1 })).status, 0);
  // A day without any.
  await p.fill("#filter-until", "2020-01-01");
  await p.locator("#filter-until").press("Tab");
  await p.locator("main p", { hasText: "Inget hittades" }).waitFor();
  await view(p, world, "disclosures?which=1");
  await rows(p).nth(99).waitFor();
  const table = (await saved(p, p.getByRole("button", { name: "CSV" }))).text.trimEnd().split("\r\n");
  assert.equal(table.length, MANY + 5 + 1);
  assert.equal(new Set(table).size, table.length);
  assert.deepEqual(p.faults, []);
  await p.context().close();
});

test("a table program finds no formula in the CSV", async () => {
  const require = createRequire(join(TOP, "gateway/portal/package.json"));
  const built = await require("esbuild").build({ entryPoints: [join(TOP, "gateway/portal/src/download.ts")], bundle: true, format: "esm", write: false });
  const { csvText } = await import(`data:text/javascript,${encodeURIComponent(built.outputFiles[0].text)}`);
  assert.equal(csvText([["=1+1", "+1", "-1", "@x", "\tx", "a,b", 'say "x"', "two\nlines", "plain", ""]]), `\ufeff'=1+1,'+1,'-1,'@x,'\tx,"a,b","say ""x""","two\nlines",plain,\r\n`);
});

test("an auditor's way with the keyboard alone", async () => {
  const p = await loginStaff(chrome, world, "audit.1@audit");
  const focused = (selector) => p.evaluate((s) => document.activeElement?.matches(s) ?? false, selector);
  const tabTo = async (selector) => {
    for (let n = 0; n < 60; n++) {
      if (await focused(selector)) return;
      await p.keyboard.press("Tab");
    }
    throw new Error(`not reached by the keyboard: ${selector}`);
  };
  await tabTo('nav a[href="#/disclosures"]');
  await p.keyboard.press("Enter");
  await rows(p).first().waitFor();
  await tabTo("#filter-recipient");
  await p.keyboard.type("school");
  await p.keyboard.press("Tab");
  await p.waitForFunction(() => document.querySelectorAll("main li.ds-card").length === 2);
  await tabTo("main li.ds-card a");
  assert.notEqual(await p.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none"); // it is seen
  await tabTo("main li.ds-card button");
  const [proof] = await Promise.all([p.waitForEvent("download"), p.keyboard.press("Enter")]);
  assert.match(proof.suggestedFilename(), /tlog-proof$/);
  await p.context().close();
});

// ---- logging in

const PROVIDER = "E-leg";

// A tab at the login page. `began`: the last address at the provider that it went to.
async function arrive(options) {
  const p = await page(chrome, world.url, options);
  await p.context().route("https://fonts.googleapis.com/**", (route) => route.abort()); // the provider's own pages ask for it
  p.on("dialog", (d) => {
    p.faults.push(`a script ran: ${d.message()}`);
    void d.dismiss();
  });
  p.on("request", (r) => {
    if (new URL(r.url()).pathname === "/auth") p.began = new URL(r.url());
  });
  await p.goto(world.url);
  await p.locator("main button", { hasText: PROVIDER }).waitFor();
  p.setDefaultTimeout(60_000);
  return p;
}

// The provider asks each time who it is, and the first time whether to go on.
async function loginPerson(p, { again = false } = {}) {
  await p.locator("main button", { hasText: PROVIDER }).click();
  await p.fill("input[name=login]", big.pin);
  await p.fill("input[name=password]", "x");
  await p.locator("button[type=submit]").click();
  if (!again) await p.locator("button[autofocus], form button[type=submit]").first().click();
  await p.waitForURL((url) => url.href.startsWith(world.url) && url.pathname === "/");
}

async function refused(p, text) {
  await p.locator("main [role=alert]").waitFor();
  assert.match(await p.locator("main [role=alert]").innerText(), text);
  assert.equal(await p.locator("header strong").count(), 0);
  assert.equal(await p.evaluate(() => sessionStorage.length), 0);
  assert.doesNotMatch(p.url(), /code|state/);
}

test("login with a provider: a code with PKCE, state and nonce; tokens that do not count let nobody in", async () => {
  const p = await arrive();
  assert.match(await p.locator("main button", { hasText: PROVIDER }).innerText(), /<img src=x.*<script>/);
  await loginPerson(p);
  await p.locator("header strong").waitFor();
  assert.match(await p.locator("header strong").innerText(), /^Kim <img/);
  assert.doesNotMatch(p.url(), /code|state/); // nor does the history keep them
  const asked = p.began.searchParams;
  assert.equal(asked.get("response_type"), "code");
  assert.equal(asked.get("code_challenge_method"), "S256");
  assert.equal(asked.get("prompt"), "login"); // who had this device before is not asked to be the same
  for (const name of ["code_challenge", "state", "nonce"]) assert.match(asked.get(name), /^[\w-]{43}$/);
  const first = asked;
  const logout = async () => {
    await p.locator("header button", { hasText: "Logga ut" }).click();
    await p.locator("main button", { hasText: PROVIDER }).waitFor();
  };
  await logout();
  await world.ask("mood", { mood: "same" });
  await loginPerson(p, { again: true });
  await p.locator("header strong").waitFor();
  for (const name of ["code_challenge", "state", "nonce"]) assert.notEqual(p.began.searchParams.get(name), first.get(name));
  await logout();
  for (const mood of ["audience", "expired", "nonce", "key"]) {
    await world.ask("mood", { mood });
    await loginPerson(p, { again: true });
    await refused(p, /godtogs inte/);
  }
  p.faults = p.faults.filter((f) => !f.startsWith("request to elsewhere"));
  await examine(p, "login-not-accepted-320-sv");
  await world.ask("mood", { mood: null });
  // What comes back is of another login: its state is not this one's.
  await p.addInitScript((state) => {
    const back = new URL(location.href);
    if (back.pathname !== "/login/return" || !back.searchParams.has("code")) return;
    back.searchParams.set("state", state);
    history.replaceState(null, "", back);
  }, first.get("state"));
  await loginPerson(p, { again: true });
  await refused(p, /godtogs inte/);
  // Somebody else's login, put into this window; and one that was broken off.
  await p.goto(`${world.url}/login/return?code=abc&state=${first.get("state")}`);
  await refused(p, /började inte i det här fönstret/);
  await p.goto(`${world.url}/login/return?error=access_denied&error_description=${encodeURIComponent(MARK)}`);
  await refused(p, /avbröts/);
  p.faults = p.faults.filter((f) => !f.startsWith("request to elsewhere"));
  await inert(p);
  await p.context().close();
});

// ---- sessions

// Signs a request as the page does; `changes` are what the thief has of his own. Runs in the page, which has the key.
function craft(p, path, body, changes = {}) {
  return p.evaluate(
    async ({ path, body, changes }) => {
      const url64 = (octets) => btoa(String.fromCharCode(...octets)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
      const kept = JSON.parse(sessionStorage.getItem("s"));
      const ec = { name: "ECDSA", namedCurve: "P-256" };
      const key = changes.key ? (await crypto.subtle.generateKey(ec, true, ["sign", "verify"])).privateKey : await crypto.subtle.importKey("jwk", kept.key, ec, true, ["sign"]);
      const text = (t) => [...new TextEncoder().encode(t)];
      const counter = new DataView(new ArrayBuffer(8));
      counter.setBigUint64(0, BigInt(changes.counter));
      const digest = [...new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(changes.body ?? body)))];
      const signed = [...text("sluss-session-v1\0"), ...text(changes.authority ?? "sluss.test/e2e"), 0, ...text(changes.path ?? path), 0, ...new Uint8Array(counter.buffer), ...digest];
      const signature = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, Uint8Array.from(signed)));
      if (changes.flip) signature[20] ^= 1;
      return `${changes.id ?? changes.session}.${changes.counter}.${url64(signature)}`;
    },
    { path, body, changes },
  );
}

async function post(p, path, body, header) {
  const answer = await p.context().request.post(world.url + path, {
    headers: { "content-type": "application/proto", "connect-protocol-version": "1", ...(header ? { "sluss-session": header } : {}) },
    data: Buffer.from(body),
  });
  return answer.status();
}

test("a session is of use to nobody else: replayed, changed, forged, for another gateway, of another person, ended", async () => {
  const other = await loginStaff(chrome, world, "audit.1@audit");
  const p = await arrive();
  const [seen] = await Promise.all([p.waitForResponse((r) => r.url().includes("PersonService")).then((r) => r.request()), loginPerson(p)]);
  await p.waitForLoadState("networkidle");
  const path = new URL(seen.url()).pathname;
  const body = [...(seen.postDataBuffer() ?? [])];
  const used = seen.headers()["sluss-session"];
  const [session, counter] = used.split(".");
  const [otherSession] = await Promise.all([
    other.waitForRequest((r) => r.url().includes("AuditService")).then((r) => r.headers()["sluss-session"].split(".")[0]),
    view(other, world, "counts"),
  ]);
  assert.equal(await post(p, path, body, used), 401); // replayed
  assert.equal(await post(p, path, body), 401); // none
  const try_ = async (n, changes, status, to = path, with_ = body) =>
    assert.equal(await post(p, to, with_, await craft(p, to, with_, { session, counter: Number(counter) + 1000 + n, ...changes })), status, JSON.stringify(changes));
  await try_(0, {}, 200); // the page's own key, a new number: this is how it is done
  await try_(0, {}, 401); // the same number again
  await try_(1, { flip: true }, 401);
  await try_(2, { key: true }, 401); // by another key
  await try_(3, { authority: "other.example/log" }, 401); // made for another gateway
  await try_(4, { path: "/sluss.v1.SessionService/Get" }, 401); // made for another method
  await try_(5, { body: [...body, 0x7a, 0] }, 401); // made for another message
  await try_(6, { id: otherSession }, 401); // another's session, one's own key
  await try_(7, { id: "A".repeat(43) }, 401);
  const ofAnother = [0x0a, 36, ...Buffer.from(small.case)]; // case_id of somebody else
  await try_(8, {}, 404, "/sluss.v1.PersonService/ListDisclosures", ofAnother);
  await try_(9, {}, 403, "/sluss.v1.AuditService/GetCounts", []); // not an auditor
  await try_(10, {}, 200);
  // The page goes on after these numbers; then the operator ends the session, and the page forgets it.
  await p.evaluate((last) => sessionStorage.setItem("s", JSON.stringify({ ...JSON.parse(sessionStorage.getItem("s")), counter: String(last) })), Number(counter) + 2000);
  await p.reload();
  await p.locator("header strong").waitFor();
  await world.ask("end_sessions");
  await p.goto(`${world.url}/#/1/shared`);
  await p.locator("main button", { hasText: PROVIDER }).waitFor();
  await p.reload();
  await p.locator("main button", { hasText: PROVIDER }).waitFor();
  assert.equal(await p.evaluate(() => sessionStorage.length), 0);
  await Promise.all([p.context().close(), other.context().close()]);
});

test("a foreign page can neither frame these pages nor make the browser ask anything of the gateway", async () => {
  const p = await arrive();
  await loginPerson(p);
  await p.locator("header strong").waitFor();
  const target = `${world.url}/sluss.v1.PersonService/Withdraw`;
  foreign = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(`<iframe id="framed" src="${world.url}/"></iframe><iframe name="sink"></iframe>
      <form method="post" enctype="text/plain" target="sink" action="${target}"><input name="x" value="y"></form>`);
  });
  await new Promise((done) => foreign.listen(0, "127.0.0.1", done));
  const evil = await p.context().newPage();
  const statuses = [];
  evil.on("response", (r) => {
    if (r.url() === target) statuses.push(r.status());
  });
  await evil.goto(`http://127.0.0.1:${foreign.address().port}/`);
  // The person's other tab is logged in: nothing of that goes with what this page sends.
  const came = await evil.evaluate(async (url) => {
    const ask = (init) => fetch(url, { method: "POST", body: "x", credentials: "include", ...init }).then((r) => r.type, () => "refused");
    const answers = [await ask({ mode: "no-cors" }), await ask({ headers: { "content-type": "application/proto" } }), await ask({ headers: { "sluss-session": "a.1.b" } })];
    document.querySelector("form").submit();
    return answers;
  }, target);
  assert.deepEqual(came, ["opaque", "refused", "refused"]); // sent, and not read; not even sent
  await evil.waitForFunction(() => performance.getEntriesByType("resource").length > 0);
  const sink = evil.frames().find((f) => f.name() === "sink");
  await sink.waitForURL(target);
  assert.ok(statuses.length >= 2 && statuses.every((s) => s >= 400), statuses.join());
  const framed = await (await evil.$("#framed")).contentFrame();
  assert.doesNotMatch(framed.url(), /^https:/); // Chromium's own page says that it refuses
  assert.equal(await framed.locator("#app").count(), 0);
  assert.deepEqual(Object.values((await world.ask("standings", { case: big.case })).standing), ["OK_CONSENT"]);
  await p.context().close();
});

test("a person with ten thousand disclosures; script in names, in texts and in addresses is text", async () => {
  const p = await arrive();
  await p.fill("#code", MARK);
  await p.locator("form button").click();
  await inert(p);
  await loginPerson(p);
  await p.locator("header strong").waitFor();
  p.faults = p.faults.filter((f) => !f.startsWith("request to elsewhere"));
  await view(p, world, "1/shared");
  await p.locator("ol.cards > li").nth(49).waitFor();
  assert.equal(await p.locator("ol.cards > li").count(), 50);
  assert.match(await p.locator("ol.cards > li").first().innerText(), /Polisen Söder<img src=x/);
  await p.locator("main button").last().click();
  await p.waitForFunction(() => document.querySelectorAll("ol.cards > li").length === 100);
  assert.ok(await p.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
  assert.ok((await p.evaluate(() => performance.memory.usedJSHeapSize)) < 64 << 20);
  for (const path of ["1", "1/stop", "1/stop/everything", "1/recalls", `1/stop/category/${encodeURIComponent(MARK)}`, encodeURIComponent(MARK)]) {
    await p.goto(`${world.url}/#/${path}`);
    await p.waitForLoadState("networkidle");
    await inert(p);
  }
  await p.context().close();
  const auditor = await loginStaff(chrome, world, "audit.1@audit");
  auditor.on("dialog", (d) => auditor.faults.push(d.message()));
  const field = encodeURIComponent(MARK);
  for (const path of [`disclosures?sender=${field}&recipient=${field}&category=${field}&from=${field}`, `disclosures?case=${field}`, `case?id=${field}`, `counts?from=${field}`, field]) {
    await auditor.goto(`${world.url}/#/${path}`);
    await auditor.locator("main h1").waitFor();
    await auditor.waitForLoadState("networkidle");
    await inert(auditor);
  }
  await auditor.context().close();
  const officer = await loginStaff(chrome, world, "soc.1@soc");
  officer.on("dialog", (d) => officer.faults.push(d.message()));
  let typed = 0;
  for (const path of ["cases", "open", ...["", "/members", "/grants", "/consent", "/law", "/lead"].map((part) => `case/${small.case}${part}`)]) {
    await officer.goto(`${world.url}/#/${path}`);
    await officer.locator("main h1").waitFor();
    await officer.waitForLoadState("networkidle");
    typed += await typeInto(officer, "main input:not([type]), main input[type=text], main textarea");
    for (const button of await officer.locator("main form button[type=submit]:enabled").all()) {
      await button.click();
      await officer.waitForLoadState("networkidle");
    }
    await inert(officer);
  }
  assert.ok(typed >= 12, `${typed} fields`);
  await officer.context().close();
});
