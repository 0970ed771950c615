// SPDX-License-Identifier: EUPL-1.2
// What every browser test needs: the stage (stage.py), a real Chromium, and checks that each page must pass.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

export const TOP = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(join(TOP, "gateway/portal/package.json"));
const { chromium } = require("playwright-core");
const axePath = require.resolve("axe-core/axe.min.js");
const SHOTS = process.env.SLUSS_SHOTS ?? join(TOP, "build", "screenshots");

// The gateway with its people. `settings`: more lines of slussd's settings; `mark`: what stands behind every name that somebody may choose; `outside`: with a witness and a
// time-stamping authority.
export async function stage(settings = {}, { mark = "", outside = false } = {}) {
  const child = spawn("python3", ["-W", "ignore", join(TOP, "tests/browser/stage.py")], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, SLUSS_SETTINGS: JSON.stringify(settings), SLUSS_MARK: mark, SLUSS_OUTSIDE: outside ? "1" : "" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the stage has ended");
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(answer.error);
    return answer;
  };
  const about = await read();
  return {
    ...about,
    async ask(what, args = {}) {
      child.stdin.write(`${JSON.stringify({ do: what, ...args })}\n`);
      return read();
    },
    async close() {
      child.stdin.end();
      await new Promise((done) => child.on("close", done));
    },
  };
}

export async function browser() {
  return chromium.launch({
    executablePath: process.env.SLUSS_CHROMIUM ?? "/usr/bin/chromium",
    env: { ...process.env, LANGUAGE: "en_US" }, // the order of a date field's parts follows it
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

// A page of its own (own cookies, own storage) whose faults are collected: CSP reports, exceptions, requests to elsewhere.
export async function page(chrome, url, { width = 320, height = 700, locale = "sv-SE", ...more } = {}) {
  const context = await chrome.newContext({ ignoreHTTPSErrors: true, viewport: { width, height }, locale, ...more });
  const made = await context.newPage();
  made.faults = [];
  made.on("pageerror", (e) => made.faults.push(`exception: ${e.message}`));
  made.on("console", (m) => {
    if (m.type() === "error" && !/Failed to load resource/.test(m.text())) made.faults.push(`console: ${m.text()}`);
  });
  made.on("request", (r) => {
    if (!r.url().startsWith(url) && !r.url().startsWith("data:")) made.faults.push(`request to elsewhere: ${r.url()}`);
  });
  await made.addInitScript(() => document.addEventListener("securitypolicyviolation", (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`)));
  return made;
}

// axe, horizontal scroll, and what was collected. `name`: keeps a screenshot by it.
export async function examine(made, name) {
  const faults = [...made.faults];
  // axe would need eval rights to be injected as text; through the debugger it runs beside the page's policy.
  const client = await made.context().newCDPSession(made);
  const there = await client.send("Runtime.evaluate", { expression: "typeof axe" });
  if (there.result.value === "undefined") await client.send("Runtime.evaluate", { expression: readFileSync(axePath, "utf8") });
  const found = await client.send("Runtime.evaluate", {
    expression: `axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa"]}).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 200) + " " + n.failureSummary).join(" | ")))`,
    awaitPromise: true,
    returnByValue: true,
  });
  if (found.exceptionDetails) faults.push(`axe: ${JSON.stringify(found.exceptionDetails.exception?.description)}`);
  faults.push(...(found.result.value ?? []).map((v) => `axe ${v}`));
  const wide = await made.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) faults.push(`scrolls ${wide} px sideways`);
  if (name) {
    mkdirSync(SHOTS, { recursive: true });
    await made.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  }
  if (faults.length > 0) throw new Error(`${name ?? made.url()}:\n  ${faults.join("\n  ")}`);
}

// Presses Tab until the element has the focus: there is no other way for many.
export async function tabTo(p, locator) {
  for (let n = 0; n < 90; n++) {
    if (await locator.evaluate((e) => e === document.activeElement)) return;
    await p.keyboard.press("Tab");
  }
  throw new Error("not reached by the keyboard");
}

// What the QR code on the page says: its path is drawn into an image as a camera would see it.
export async function scan(p) {
  const [size, path] = await p.locator("svg.qr").evaluate((svg) => [svg.viewBox.baseVal.width, svg.querySelector("path").getAttribute("d")]);
  const scale = 4;
  const image = new Uint8ClampedArray(size * size * scale * scale * 4).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g))
    for (let i = 0; i < scale * scale; i++) {
      const at = 4 * ((Number(y) * scale + Math.floor(i / scale)) * size * scale + Number(x) * scale + (i % scale));
      image.fill(0, at, at + 3);
    }
  return require("jsqr")(image, size * scale, size * scale)?.data;
}

// An officer ("OFFICER@AGENCY") logs in with the real identity provider of the stage.
export async function loginStaff(chrome, world, account, options) {
  const p = await page(chrome, world.url, options);
  await p.context().route("https://fonts.googleapis.com/**", (route) => route.abort()); // the provider's own pages ask for it
  await p.goto(world.url);
  await p.locator("main button", { hasText: "staff" }).click();
  await p.fill("input[name=login]", account);
  await p.fill("input[name=password]", "x");
  await p.locator("button[type=submit]").click();
  // The provider asks whether to go on, on a page of its own: the login form's button looks alike, and pressing it twice ends the login.
  await p.locator("form:has(input[name=prompt][value=consent]) button[type=submit]").click();
  await p.waitForURL((url) => url.href.startsWith(world.url));
  await p.locator("main nav").waitFor();
  p.faults.length = 0; // the provider's pages are not ours
  return p;
}

// Goes to one of our pages: its tab is the one that is shown, its heading is there, and it waits for nothing more. (The page before has a heading, too.)
export async function view(p, world, path) {
  await p.goto(`${world.url}/#/${path}`);
  const tab = `main nav a[aria-current=page][href`;
  await p.locator(`${tab}="#/${path.split("?")[0]}"], ${tab}^="#/${path.split("?")[0]}?"]`).first().waitFor();
  await p.locator("main h1").waitFor();
  await p.waitForFunction(() => !document.querySelector("main p[role=status]"));
}

// Each page in each language on a phone, and in one of each direction on a desk too. `ready`: what to wait for on a page.
export async function examineAll(p, world, name, paths, ready) {
  for (const language of ["sv", "en", "ar", "so"]) {
    await p.selectOption("header select", language);
    for (const [part, path] of paths) {
      await view(p, world, path);
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
