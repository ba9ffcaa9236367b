// Pictures of a running lastmile: `LASTMILE_LINK=http://…/sign-in?code=… node dev/live-shots.mjs OUT [PATH…]`. For looking only.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { launchOptions } from "../e2e/browser.mjs";

const [out = "/tmp/live", ...paths] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const link = process.env.LASTMILE_LINK;
const state = process.env.LASTMILE_STATE ?? "/tmp/lastmile-live-state.json";
const origin = new URL(link).origin;
const browser = await chromium.launch(launchOptions());
const options = { viewport: { width: Number(process.env.W ?? 1280), height: Number(process.env.H ?? 800) }, colorScheme: process.env.DARK ? "dark" : "light", reducedMotion: "reduce" };
let context = await browser.newContext({ ...options, ...(process.env.FRESH ? {} : { storageState: state }) }).catch(() => browser.newContext(options));
await context.addInitScript((language) => localStorage.setItem("language", language), process.env.DE ? "de" : "en");
const page = await context.newPage();
page.on("console", (message) => ["error", "warning"].includes(message.type()) && console.log("   ", message.text()));
page.on("pageerror", (error) => console.log("   ", String(error)));
if (process.env.FRESH) {
  await page.goto(link);
  await page.waitForSelector(".rail", { timeout: 20_000 });
  await context.storageState({ path: state });
}
for (const path of paths.length ? paths : ["/line"]) {
  await page.goto(origin + path);
  await page.waitForTimeout(Number(process.env.WAIT ?? 3000));
  const name = path.replace(/[^\w-]+/g, "_").replace(/^_|_$/g, "").slice(0, 40) || "root";
  await page.screenshot({ path: `${out}/${name}${process.env.TAG ?? ""}.png` });
  console.log(name, page.url());
}
await browser.close();
