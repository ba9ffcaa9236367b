// Something goes wrong: the advice comes, says why and what to do, and is acknowledged with one click.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, onFixtures, withPage } from "./session.mjs";

test("after bearing-wear is pressed an advice stands on Line within 60 s and one click acknowledges it", { timeout: 120_000 }, () =>
  withPage("/line", {}, async ({ page, click, clicks }) => {
    if (!onFixtures) await page.getByRole("button", { name: "bearing-wear" }).click();
    await page.locator(".adv:not(.calm) h2").waitFor({ timeout: 60_000 });
    assert.ok((await page.locator(".adv .why > div").count()) >= 1, "says why");
    assert.ok((await page.locator(".adv .todo li").count()) >= 1, "says what to do");
    await page.locator(".rail .n").waitFor();
    const before = clicks();
    await click(page.getByRole("button", { name: "Acknowledge" }));
    await page.getByText(/Acknowledged \d\d:\d\d by/).waitFor({ timeout: 5000 });
    assert.equal(clicks() - before, 1);
  }));

test("the advice is in the list with its steps, and a link leads to its trend", () =>
  withPage("/advice", {}, async ({ page }) => {
    await page.locator(".adv-list > li").first().waitFor();
    if ((await page.locator(".adv-more").count()) === 0) await page.locator(".adv-open").first().click();
    assert.ok((await page.locator(".adv-more .todo li").count()) >= 1);
    await page.locator(".adv-more a.btn").first().click();
    await page.waitForSelector(".trend-page .plot canvas");
  }));

test("when the fault is gone the advice goes", { timeout: 180_000, skip: onFixtures }, () =>
  withPage("/line", {}, async ({ page }) => {
    const about = await api(page, "GET", "/api/v1/about");
    const fault = about.body.demo.faults.find((one) => one.name === "bearing-wear");
    if (fault.on) await api(page, "POST", fault.path, { on: false });
    await page.locator(".adv.calm").waitFor({ timeout: 150_000 });
  }));
