// Model off is one hold of a second; what follows stands beside it; a short touch does nothing. And who did it is two clicks away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withPage } from "./session.mjs";

const button = (page) => page.getByRole("button", { name: /Model off/ });

test("a short touch on Model off does nothing", () =>
  withPage("/line", {}, async ({ page, hold }) => {
    await button(page).waitFor();
    assert.match(await page.locator(".bar").innerText(), /the PLC keeps control/);
    await hold(button(page), 400);
    await page.waitForTimeout(900);
    assert.equal(await button(page).count(), 1);
  }));

test("holding Model off for a second switches it off within a second, without a reason", () =>
  withPage("/line", {}, async ({ page, hold, clicks }) => {
    await button(page).waitFor();
    await hold(button(page), 1100);
    await page.getByRole("button", { name: "Switch on" }).waitFor({ timeout: 1500 });
    assert.equal(clicks(), 1);
    assert.match(await page.locator(".bar").innerText(), /The PLC keeps control/);
    assert.equal(await page.locator(".ladder [aria-current]").innerText(), "Off");
  }));

test("switching on again asks for a reason", () =>
  withPage("/line", {}, async ({ page }) => {
    await page.getByRole("button", { name: "Switch on" }).click();
    const set = page.getByRole("button", { name: "Set to Advising" });
    assert.equal(await set.isDisabled(), true);
    await page.getByRole("button", { name: "Checked, all right" }).click();
    await set.click();
    await button(page).waitFor();
  }));

test("who switched it off is at most two clicks from a trend", () =>
  withPage("/line", {}, async ({ page, click, clicks }) => {
    await page.waitForSelector(".mark-tri");
    await click(page.locator(".mark-tri").last());
    const told = await page.locator(".mark-pop").innerText();
    assert.match(told, /\d\d:\d\d/);
    assert.ok(clicks() <= 2, "the mark itself says who, what and why");
    await click(page.getByRole("link", { name: "Open in Changes" }));
    await page.locator("tr.pointed").waitFor();
    assert.equal(clicks(), 2);
  }));

test("the hold works from the keyboard", () =>
  withPage("/line", {}, async ({ page }) => {
    await button(page).focus();
    await page.keyboard.down(" ");
    await page.waitForTimeout(1150);
    await page.keyboard.up(" ");
    await page.getByRole("button", { name: "Switch on" }).waitFor();
    await page.getByRole("button", { name: "Switch on" }).click();
    await page.getByRole("button", { name: "Trial" }).click();
    await page.getByRole("button", { name: "Set to Advising" }).click();
    await button(page).waitFor();
  }));
