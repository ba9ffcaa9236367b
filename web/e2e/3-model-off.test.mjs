// Model off is one hold of a second; what follows stands beside it; a short touch does nothing. And who did it is two clicks away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withPage } from "./session.mjs";

// No clock of the test judges a time here: CI may be slow. That a second is enough shows in the order of things: the order to switch off
// leaves while the finger is still down.
const sentOff = (page) => page.waitForRequest((request) => request.method() === "PUT" && /\/mode$/.test(request.url()));
const button = (page) => page.getByRole("button", { name: /Model off/ });

test("a short touch on Model off does nothing", () =>
  withPage("/line", {}, async ({ page, holdUntil }) => {
    await button(page).waitFor();
    assert.match(await page.locator(".bar").innerText(), /the PLC keeps control/);
    const asked = [];
    page.on("request", (request) => request.method() === "PUT" && asked.push(request.url()));
    await holdUntil(button(page), () => page.locator(".hold.holding").waitFor());
    await page.locator(".hold:not(.holding)").waitFor();
    await page.waitForTimeout(1200);
    assert.deepEqual(asked, []);
    assert.equal(await button(page).count(), 1);
  }));

test("holding Model off for a second switches it off, without a reason", () =>
  withPage("/line", {}, async ({ page, holdUntil, clicks }) => {
    await button(page).waitFor();
    const sent = sentOff(page);
    await holdUntil(button(page), () => sent);
    await page.getByRole("button", { name: "Switch on" }).waitFor();
    assert.equal(clicks(), 1);
    assert.equal((await sent).postDataJSON().because ?? null, null);
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
    const sent = sentOff(page);
    await page.keyboard.down(" ");
    await sent;
    await page.keyboard.up(" ");
    await page.getByRole("button", { name: "Switch on" }).waitFor();
    await page.getByRole("button", { name: "Switch on" }).click();
    await page.getByRole("button", { name: "Trial" }).click();
    await page.getByRole("button", { name: "Set to Advising" }).click();
    await button(page).waitFor();
  }));
