// Line: live, without scrolling, for fingers; and the same in German.
import assert from "node:assert/strict";
import { test } from "node:test";
import { big, tablet, url, withPage } from "./session.mjs";

for (const [name, size] of Object.entries({ "1280 × 800": big, "1024 × 768": tablet })) {
  test(`Line does not scroll at ${name} and shows every key value live`, () =>
    withPage("/line", { size }, async ({ page }) => {
      await page.waitForSelector(".kv .v-main b");
      await page.waitForFunction(() => document.querySelector(".linkstate.live"));
      const over = await page.evaluate(() => {
        const main = document.querySelector("main");
        return [document.documentElement.scrollHeight - innerHeight, document.documentElement.scrollWidth - innerWidth, main.scrollHeight - main.clientHeight, main.scrollWidth - main.clientWidth];
      });
      assert.deepEqual(over.map((one) => Math.max(0, one)), [0, 0, 0, 0]);
      assert.equal(await page.locator(".kv .v-text.none").count(), 0);
    }));
}

test("Line values change by themselves", () =>
  withPage("/line", {}, async ({ page }) => {
    await page.waitForSelector(".kv .v-main b");
    const values = () => page.locator(".kv .v-main").allTextContents();
    const before = await values();
    await page.waitForFunction((old) => JSON.stringify([...document.querySelectorAll(".kv .v-main")].map((one) => one.textContent)) !== old, JSON.stringify(before));
  }));

test("buttons on Line are large enough for gloves", () =>
  withPage("/line", {}, async ({ page }) => {
    await page.waitForSelector(".bar button");
    const small = await page.locator(".bar button, .adv-act button, .line-trend .seg button").evaluateAll((buttons) => buttons.filter((one) => one.getBoundingClientRect().height < 54).map((one) => one.textContent));
    assert.deepEqual(small, []);
  }));

test("a tap on a value opens its trend", () =>
  withPage("/line", {}, async ({ page, click, clicks }) => {
    await click(page.locator(".kv").first());
    await page.waitForSelector(".trend-page .plot canvas");
    assert.equal(clicks(), 1);
  }));

test("the page speaks German from the first screen on", () =>
  withPage("/line", { language: "de" }, async ({ page }) => {
    await page.waitForSelector(".rail");
    assert.match(await page.locator(".rail").innerText(), /Linie[\s\S]*Verbinden[\s\S]*Modelle[\s\S]*Änderungen/);
    assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
    await page.waitForSelector(".bar");
    assert.match(await page.locator(".bar").innerText(), /Die SPS behält die Führung/);
  }));

test("every page opens from the rail with the keyboard alone", () =>
  withPage("/line", {}, async ({ page }) => {
    await page.waitForSelector(".bar");
    const stops = [];
    for (let step = 0; step < 14; step += 1) {
      await page.keyboard.press("Tab");
      stops.push(await page.evaluate(() => document.activeElement?.getAttribute("href") ?? document.activeElement?.tagName));
    }
    for (const path of ["/line", "/connect", "/models", "/advice", "/trend", "/changes", "/system"]) assert.ok(stops.includes(path), `${path} in ${stops}`);
  }));

test("nothing is asked of another host and the policy of the page is strict", () =>
  withPage("/line", {}, async ({ page }) => {
    const policy = await page.evaluate(async (where) => (await fetch(where)).headers.get("content-security-policy"), url);
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
  }));
