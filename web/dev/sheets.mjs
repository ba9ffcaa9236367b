// Pictures of every page in its four forms, four on a sheet: `node dev/sheets.mjs OUT [NAME…]`, `NAME*` for all that begin so.
// Made to be looked at, beside the mocks. What a program can see is said beside the name: pages that are wider than the screen, a Line
// that scrolls, words that are cut off, controls too small for a finger, errors of the page, requests to another host.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { launchOptions } from "../e2e/browser.mjs";
import { scenes } from "./scenes.mjs";
import { serve } from "./serve.mjs";

const desk = { width: 1280, height: 800 };
const tablet = { width: 1024, height: 768 };
/** Each light and each size, and each language in both of them. */
const forms = [
  { name: "1280-light-en", size: desk, theme: "light", language: "en" },
  { name: "1024-light-de", size: tablet, theme: "light", language: "de" },
  { name: "1280-dark-de", size: desk, theme: "dark", language: "de" },
  { name: "1024-dark-en", size: tablet, theme: "dark", language: "en" },
];
const SETTLES_MS = 1300;
/** The longest that a page may show grey bars; a failure is tried again before it is said. */
const LOADS_MS = 8000;

/** What can be seen on a page without eyes; runs in the page. */
function faults() {
  const main = document.querySelector("main");
  const onLine = document.body.classList.contains("touch");
  const need = onLine ? 56 : 40;
  const name = (one) => (one.innerText || one.getAttribute("aria-label") || one.id || one.className || one.tagName).toString().trim().replace(/\s+/g, " ").slice(0, 40);
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 0;
  const said = [];
  const wider = Math.max(document.documentElement.scrollWidth - innerWidth, main ? main.scrollWidth - main.clientWidth : 0);
  if (wider > 0) said.push(`wider than the screen by ${wider}`);
  if (onLine && main && main.scrollHeight > main.clientHeight) said.push(`Line scrolls by ${main.scrollHeight - main.clientHeight}`);
  for (const one of document.querySelectorAll("body *")) {
    const style = getComputedStyle(one);
    const hides = style.overflowX === "hidden" || style.overflowX === "clip";
    const cut = one.scrollWidth > one.clientWidth + 1 || (style.webkitLineClamp !== "none" && one.scrollHeight > one.clientHeight + 1);
    if (hides && cut && one.clientWidth > 1 && seen(one) && one.innerText?.trim() && !one.closest(".strip-p, .vh")) said.push(`cut: ${name(one)}`);
  }
  const hit = (one, x, y) => one.contains(document.elementFromPoint(x, y)) || document.elementFromPoint(x, y)?.closest("label")?.contains(one);
  for (const one of document.querySelectorAll("button, a[href], input, select, textarea, summary")) {
    const box = one.getBoundingClientRect();
    if (!seen(one) || getComputedStyle(one).display === "inline" || one.classList.contains("skip")) continue;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (!hit(one, x, y)) continue;
    const half = need / 2 - 2; // a border around a row of buttons belongs to the button
    const whole = [[x, y - half], [x, y + half], [x - half, y], [x + half, y]].every(([px, py]) => px < 0 || py < 0 || px > innerWidth || py > innerHeight || hit(one, px, py));
    if (!whole) said.push(`small for a finger (${Math.round(box.width)} × ${Math.round(box.height)}): ${name(one)}`);
  }
  return [...new Set(said)];
}

async function picture(browser, url, path, options, form) {
  const context = await browser.newContext({ viewport: form.size, colorScheme: form.theme, locale: form.language, reducedMotion: "reduce" });
  await context.addCookies([{ name: "scene", value: options.scene ?? "advice", url }]);
  await context.addInitScript((language) => localStorage.setItem("language", language), form.language);
  const page = await context.newPage();
  const noise = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !/status of [45]/.test(message.text()) && noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(`${error}`));
  page.on("request", (request) => request.url().startsWith(url) || request.url().startsWith("data:") || noise.push(`other host: ${request.url()}`));
  try {
    await page.goto(url + path, { waitUntil: "load" });
    await page.waitForTimeout(SETTLES_MS);
    await options.act?.(page);
    await page.waitForTimeout(options.wait ?? 500);
    if (options.scene !== "slow") await page.waitForFunction(() => !document.querySelector(".skeleton"), undefined, { timeout: LOADS_MS }).catch(() => {});
    return { image: await page.screenshot(), said: [...noise, ...(await page.evaluate(faults))] };
  } finally {
    await context.close();
  }
}

/** The four pictures at their own size, on one. */
async function sheet(browser, images, file) {
  const gap = 8;
  const page = await browser.newPage({ viewport: { width: desk.width + tablet.width + gap, height: 2 * desk.height + gap } });
  const tags = images.map((image) => `<img src="data:image/png;base64,${image.toString("base64")}">`).join("");
  await page.setContent(`<body style="margin:0;background:#777;display:grid;grid-template-columns:${desk.width}px ${tablet.width}px;gap:${gap}px;align-items:start">${tags}</body>`);
  await page.locator("img").last().evaluate((image) => image.decode());
  await page.screenshot({ path: file });
  await page.close();
}

const [out = "/tmp/sheets", ...only] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const wanted = scenes.filter(([name]) => only.length === 0 || only.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one)));
const { server, url } = await serve(0);
const browser = await chromium.launch(launchOptions());
let failed = 0;
for (const [name, path, options = {}] of wanted) {
  try {
    await fetch(`${url}/api/v1/fixtures/reset`);
    const taken = await Promise.all(forms.map((form) => picture(browser, url, path, options, form)));
    await sheet(browser, taken.map(({ image }) => image), `${out}/${name}.png`);
    console.log(name);
    taken.forEach(({ said }, at) => said.forEach((one) => console.log(`   ${forms[at].name}  ${one}`)));
  } catch (error) {
    failed += 1;
    console.log(name, "FAILED", String(error).split("\n")[0]);
  }
}
await browser.close();
server.close();
server.closeAllConnections();
process.exitCode = failed ? 1 : 0;
