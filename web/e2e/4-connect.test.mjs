// A Modbus device is connected and its tags are live with at most five clicks, on one page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, onFixtures, withPage } from "./session.mjs";

test("a device is connected and its tags are live with at most 5 clicks", { timeout: 90_000 }, () =>
  withPage("/line", {}, async ({ page, click, clicks }) => {
    const devices = await api(page, "GET", "/api/v1/devices");
    // the same plant by another name: one address may belong to one device only
    const plant = onFixtures ? "10.20.2.17:502/1" : devices.body[0].url.replace(/^[\w+-]+:\/\//, "").replace("127.0.0.1", "localhost");
    await click(page.getByRole("link", { name: "Connect", exact: true }));
    await click(page.getByRole("link", { name: "Add device" }));
    await page.getByLabel("Address", { exact: true }).fill(plant);
    await page.getByLabel("Name", { exact: true }).fill("second-look");
    await click(page.locator("#addresses"));
    await page.locator("#addresses").fill("holding:20:float32\tTank level\t%\nholding:22:float32\tTank temperature\nholding:0:float32:cdab\tVibration");
    await page.getByText("Reachable", { exact: true }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".addr-table tbody td:nth-child(4) b").length >= 3);
    await click(page.getByRole("button", { name: "Save 3 tags" }));
    await page.waitForURL(/\/connect\/device\/second-look/);
    await page.waitForFunction(() => document.querySelectorAll(".vals .v-text.good").length >= 3, null, { timeout: 30_000 });
    assert.ok(clicks() <= 5, `${clicks()} clicks`);
  }));

test("an address that another device has already is refused in words", { skip: onFixtures }, () =>
  withPage("/connect/add", {}, async ({ page }) => {
    const devices = await api(page, "GET", "/api/v1/devices");
    await page.getByLabel("Address", { exact: true }).fill(devices.body.find((one) => one.name === "plc-2").url);
    await page.getByText("Reachable", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Save device" }).click();
    assert.match(await page.locator(".save .refused").innerText(), /which device plc-2 has/);
  }));

test("a device that does not answer is a sentence", () =>
  withPage("/connect/add", {}, async ({ page }) => {
    await page.getByLabel("Address", { exact: true }).fill(onFixtures ? "10.99.0.1" : "127.0.0.1:9");
    await page.getByText("Not reachable").waitFor();
    assert.ok((await page.locator(".checks .failed .d").first().innerText()).length > 20);
  }));

test("a removed device takes its tags with it and asks for a reason", { skip: onFixtures }, () =>
  withPage("/connect/device/second-look", {}, async ({ page }) => {
    await page.getByRole("button", { name: "Remove device" }).click();
    const sheet = page.locator("dialog[open]");
    assert.equal(await sheet.getByRole("button", { name: "Remove device" }).isDisabled(), true);
    await sheet.getByLabel("Because").fill("only a test");
    await sheet.getByRole("button", { name: "Remove device" }).click();
    await page.waitForURL(/\/connect$/);
    await page.waitForFunction(() => !document.body.innerText.includes("second-look"));
  }));

test("tags are found by words and a tap opens the trend", () =>
  withPage("/connect/tags", {}, async ({ page }) => {
    await page.locator(".vals tbody tr").first().waitFor();
    const all = await page.locator(".vals tbody tr").count();
    await page.getByRole("searchbox", { name: "Find a tag" }).fill("vibration");
    await page.waitForFunction((before) => document.querySelectorAll(".vals tbody tr").length < before, all);
    await page.locator(".vals tbody tr").first().click();
    await page.waitForSelector(".trend-page .plot canvas");
  }));
