// A backup from the page: one encrypted file, with a passphrase that is typed twice.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { onFixtures, withPage } from "./session.mjs";

test("a backup is one encrypted file, and the page says how old the newest is", { skip: onFixtures }, () =>
  withPage("/system", {}, async ({ page }) => {
    await page.getByRole("button", { name: "Take a backup" }).click();
    const sheet = page.locator("dialog[open]");
    const take = sheet.getByRole("button", { name: "Take a backup" });
    await sheet.getByLabel("Passphrase").fill("short");
    await sheet.getByLabel("Once more").fill("another");
    assert.ok(await take.isDisabled());
    await sheet.getByText("The two are not the same.").waitFor();
    await sheet.getByLabel("Once more").fill("short");
    await take.click();
    await sheet.getByText("it needs at least 12").waitFor();
    await sheet.getByLabel("Passphrase").fill("five words in a row");
    await sheet.getByLabel("Once more").fill("five words in a row");
    const [file] = await Promise.all([page.waitForEvent("download"), take.click()]);
    assert.match(readFileSync(await file.path()).subarray(0, 22).toString(), /^age-encryption\.org\/v1/);
    await page.getByText("The last backup was made").first().waitFor();
  }));
