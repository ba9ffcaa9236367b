// Every page opens, in both lights and both languages, without serious findings of axe and without words of the other language.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { api, onFixtures, tablet, withPage } from "./session.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serious and critical findings of axe on the page as it is. */
async function findings(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return result.violations.filter((one) => one.impact === "serious" || one.impact === "critical").map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 4).join(" | ")}`);
}

const device = onFixtures ? "/connect/device/plc-2" : "/connect/device/plc-2";
const pages = {
  "/line": ".bar",
  "/connect": ".devices tbody tr",
  [device]: ".vals tbody tr",
  "/connect/add": ".checks li",
  "/connect/tags": ".vals tbody tr",
  "/models": ".card",
  "/models/at/pump-7-bearing": ".sg tbody tr",
  "/models/at/pump-7-bearing/map": ".map tbody tr",
  "/advice": ".head h1",
  "/trend": ".picker li",
  "/trend?tags=%22line-2%2Fpump-7%2Fvibration_de%22": ".plot canvas",
  "/changes": ".chgs tbody tr",
  "/system": ".doctor li",
};

for (const [path, sign] of Object.entries(pages)) {
  test(`${path} opens in light and in dark without serious findings`, async () => {
    for (const options of [{}, { dark: true, size: tablet, language: "de" }])
      await withPage(path, options, async ({ page }) => {
        await page.locator(sign).first().waitFor();
        await page.waitForTimeout(300);
        assert.deepEqual(await findings(page), []);
        const wide = await page.evaluate(() => {
          const main = document.querySelector("main");
          return Math.max(document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth);
        });
        assert.ok(wide <= 0, `wider than the screen by ${wide}`);
      });
  });
}

test("sheets have no serious findings", () =>
  withPage("/line", {}, async ({ page }) => {
    await page.locator(".who").click();
    await page.locator("dialog[open]").waitFor();
    assert.deepEqual(await findings(page), []);
  }));

test("a page that is not there says so", () =>
  withPage("/nowhere", {}, async ({ page }) => {
    await page.getByText("There is no such page").waitFor();
  }));

test("the record is verified only when somebody asks", () =>
  withPage("/changes", {}, async ({ page }) => {
    await page.getByText(/Each entry holds the digest/).waitFor();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText(/Verified: \d+ entr/).waitFor();
  }));

test("what the program says is said in the reader's language", { skip: onFixtures }, () =>
  withPage("/system", { language: "de" }, async ({ page }) => {
    await page.getByText(/sind für die Geschichte frei/).waitFor();
    const doctor = await page.locator(".doctor").innerText();
    assert.doesNotMatch(doctor, /\b(the|are|can be|with)\b/, doctor);
    await page.goto(`${new URL(page.url()).origin}/changes`);
    await page.getByText(/eingesetzt, rät/).first().waitFor();
    await page.goto(`${new URL(page.url()).origin}/models/at/pump-7-bearing`);
    await page.getByText("Alle 1 s.", { exact: true }).waitFor();
  }));

test("the site file comes out as TOML", { skip: onFixtures }, () =>
  withPage("/system", {}, async ({ page }) => {
    const toml = await page.evaluate(async () => (await fetch("/api/v1/site/toml")).text());
    assert.match(toml, /\[site\]/);
    assert.equal((await api(page, "GET", "/api/v1/me")).status, 200);
  }));
