// Takes pictures of pages over the fixtures: `node dev/shots.mjs OUT [NAME…]`. For looking, not for comparing.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";
import { launchOptions } from "../e2e/browser.mjs";

const [out = "/tmp/shots", ...only] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const big = { width: 1280, height: 800 };
const tablet = { width: 1024, height: 768 };
const T = "line-2/pump-7/vibration_de,line-2/pump-7/bearing_temp,line-2/pump-7/speed,line-2/pump-7/pump-bearing/score";

const shots = [
  ["line", "/line"], ["line-dark", "/line", { dark: true }], ["line-tablet", "/line", { size: tablet }], ["line-tablet-dark-de", "/line", { size: tablet, dark: true, de: true }],
  ["line-de", "/line", { de: true }], ["line-calm", "/line", { scene: "calm" }], ["line-calm-tablet", "/line", { scene: "calm", size: tablet }], ["line-off", "/line", { scene: "off" }], ["line-na", "/line", { scene: "na" }],
  ["line-empty", "/line", { scene: "empty" }], ["line-no-right", "/line", { scene: "no-right" }], ["line-slow", "/line", { scene: "slow" }], ["line-broken", "/line", { scene: "broken" }], ["line-lost", "/line", { scene: "lost", wait: 15_000 }], ["line-demo", "/line", { scene: "demo" }], ["line-demo-tablet", "/line", { scene: "demo", size: tablet }],
  ["line-mark", "/line", { act: async (page) => { await page.locator(".mark-tri").first().click(); } }],
  ["who", "/line", { act: async (page) => { await page.locator(".who").click(); } }],
  ["variable", "/line", { act: async (page) => { await page.locator(".variable").click(); } }],
  ["connect", "/connect"], ["connect-dark", "/connect", { dark: true }], ["connect-tablet-de", "/connect", { size: tablet, de: true }], ["connect-empty", "/connect", { scene: "empty" }], ["connect-no-right", "/connect", { scene: "no-right" }],
  ["device", "/connect/device/plc-2"], ["device-silent", "/connect/device/gateway-1"], ["device-tablet", "/connect/device/plc-2", { size: tablet, dark: true }],
  ["add-start", "/connect/add"], ["add", "/connect/add", { act: fill, wait: 4500 }], ["add-dark", "/connect/add", { act: fill, wait: 4500, dark: true }], ["add-tablet-de", "/connect/add", { act: fill, wait: 4500, size: tablet, de: true }], ["add-dead", "/connect/add", { act: dead, wait: 1500 }],
  ["import-kepware", "/connect/add", { act: kepware, wait: 5000 }], ["import-kepware-dark", "/connect/add", { act: kepware, wait: 5000, dark: true }], ["import-kepware-tablet-de", "/connect/add", { act: kepware, wait: 5000, size: tablet, de: true }],
  ["import-flow", "/connect/add", { act: flow, wait: 2500 }], ["import-flow-tablet-dark-de", "/connect/add", { act: flow, wait: 2500, size: tablet, dark: true, de: true }], ["import-long", "/connect/add", { act: long, wait: 5000 }], ["import-lost", "/connect/add", { act: lost, wait: 2500 }],
  ["tags", "/connect/tags"], ["tags-tablet-dark", "/connect/tags", { size: tablet, dark: true }], ["tag-edit", "/connect/tags", { act: async (page) => { await page.locator("td .btn").first().click(); } }],
  ["models", "/models"], ["models-dark-de", "/models", { dark: true, de: true }], ["models-tablet", "/models", { size: tablet }], ["models-empty", "/models", { scene: "empty" }],
  ["model", "/models/at/pump-7-bearing"], ["model-dark", "/models/at/pump-7-bearing", { dark: true }], ["model-tablet-de", "/models/at/pump-7-bearing", { size: tablet, de: true }], ["model-na", "/models/at/pump-7-bearing", { scene: "na" }], ["model-no-right", "/models/at/pump-7-bearing", { scene: "no-right" }],
  ["mode-sheet", "/line", { scene: "off", act: async (page) => { await page.getByRole("button", { name: "Switch on" }).click(); } }],
  ["map", "/models/at/pump-7-bearing/map", { act: async (page) => { await page.locator("select").nth(1).selectOption("line-2/feed-tank/level"); }, wait: 1200 }], ["map-tablet-de", "/models/at/pump-7-bearing/map", { size: tablet, de: true }],
  ["deploy", "/models/new?bundle=%22sha256%3A77aa%22"],
  ["advice", "/advice"], ["advice-dark", "/advice", { dark: true }], ["advice-tablet-de", "/advice", { size: tablet, de: true }], ["advice-empty", "/advice", { scene: "calm" }], ["advice-all", "/advice", { act: async (page) => { await page.getByRole("button", { name: "All" }).click(); } }],
  ["changes", "/changes"], ["changes-dark-de", "/changes", { dark: true, de: true }], ["changes-tablet", "/changes", { size: tablet, act: async (page) => { await page.getByRole("button", { name: "Verify" }).click(); } }],
  ["trend", `/trend?tags=${encodeURIComponent(JSON.stringify(T))}`], ["trend-dark-8h", `/trend?span=%228h%22&tags=${encodeURIComponent(JSON.stringify(T))}`, { dark: true }], ["trend-tablet-de", `/trend?tags=${encodeURIComponent(JSON.stringify(T))}`, { size: tablet, de: true }], ["trend-empty", "/trend"],
  ["system", "/system"], ["system-dark-de", "/system", { dark: true, de: true }], ["system-tablet", "/system", { size: tablet }],
  ["sign-in", "/line", { scene: "signed-out" }], ["first-run", "/line", { scene: "first-run" }], ["sign-in-dark-de", "/line", { scene: "signed-out", dark: true, de: true }],
];

async function fill(page) {
  await page.getByLabel(/^(Address|Adresse)$/).fill("10.20.2.17");
  await page.locator("#addresses").fill("holding:0:float32:cdab\tVibration DE\nholding:2:float32\tInlet pressure\nholding:4:float32\tBearing temp.\nholding:6:float32\tSpeed\nholding:8:uint16\tMotor current\nholding:999\tOil temp.\ncoil:0\tRunning");
}
async function kepware(page) {
  await page.getByLabel(/^(Address|Adresse)$/).fill("10.20.2.17");
  await page.locator("#addresses").fill("Tag Name,Address,Data Type\n".padEnd(5000));
}
async function flow(page) {
  await page.locator("#addresses").fill('[{"type":"modbus-read"}]');
}
async function long(page) {
  await page.getByLabel(/^(Address|Adresse)$/).fill("10.20.2.17");
  const list = Array.from({ length: 3000 }, (_, n) => `holding:${n * 2}:float32\tPressure ${n}\tbar(g)\t0-16`).join("\n");
  await page.locator("input[type=file]").setInputFiles({ name: "long.tsv", mimeType: "text/plain", buffer: Buffer.from(list) });
  await page.waitForTimeout(2500);
  await page.locator(".addr-table").evaluate((box) => box.scrollTo(0, 60_000));
}
async function lost(page) {
  await page.locator("#addresses").fill("holding:0\tSpeed\nno address\n\n# comment\nanother line without one\nholding:2:float32\tLevel\t%\t0-100");
}
async function dead(page) {
  await page.getByLabel(/^(Address|Adresse)$/).fill("10.99.0.1");
}

const { server, url } = await serve(0);
const browser = await chromium.launch(launchOptions());
let failed = 0;
for (const [name, path, options = {}] of shots) {
  if (only.length > 0 && !only.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one))) continue;
  await fetch(`${url}/api/v1/fixtures/reset`);
  const context = await browser.newContext({ viewport: options.size ?? big, colorScheme: options.dark ? "dark" : "light", locale: options.de ? "de-DE" : "en-GB", reducedMotion: "reduce" });
  await context.addCookies([{ name: "scene", value: options.scene ?? "advice", url }]);
  await context.addInitScript((language) => localStorage.setItem("language", language), options.de ? "de" : "en");
  const page = await context.newPage();
  const noise = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(`${error}`));
  page.on("request", (request) => request.url().startsWith(url) || request.url().startsWith("data:") || noise.push(`other host: ${request.url()}`));
  try {
    await page.goto(url + path, { waitUntil: "load" });
    await page.waitForTimeout(1300);
    await options.act?.(page);
    await page.waitForTimeout(options.wait ?? 500);
    await page.screenshot({ path: `${out}/${name}.png` });
    const over = await page.evaluate(() => [Math.max(document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll("main, .content")].map((one) => one.scrollWidth - one.clientWidth)), (() => { const main = document.querySelector("main"); return main ? main.scrollHeight - main.clientHeight : 0; })()]);
    console.log(name, over[0] > 0 ? `WIDER BY ${over[0]}` : "", over[1] > 0 ? `scrolls ${over[1]}` : "", noise.length ? `\n   ${[...new Set(noise)].join("\n   ")}` : "");
  } catch (error) {
    failed += 1;
    console.log(name, "FAILED", String(error).split("\n")[0], noise.join(" | "));
  }
  await context.close();
}
await browser.close();
server.close();
server.closeAllConnections();
process.exit(failed ? 1 : 0);
