// Signing in, and an edge that goes away: the page says since when and comes back by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, onFixtures, withPage } from "./session.mjs";

test("a wrong password is a sentence, the right one opens Line", { skip: !process.env.LASTMILE_PASSWORD }, () =>
  withPage("/line", { fresh: true }, async ({ page }) => {
    await page.getByLabel("Name").fill(process.env.LASTMILE_NAME);
    await page.getByLabel("Password").fill("certainly wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Name or password is wrong.").waitFor();
    await page.getByLabel("Password").fill(process.env.LASTMILE_PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForSelector(".bar");
    // the session ends elsewhere: the page notices with its next question and shows the sign-in page
    await api(page, "DELETE", "/api/v1/session");
    // unless one of its own questions was quicker, and the link has gone with the session
    await page.getByRole("link", { name: "System", exact: true }).click({ timeout: 2000 }).catch(() => {});
    await page.getByRole("button", { name: "Sign in" }).waitFor();
  }));

test("nobody sees anything without a session", { skip: onFixtures }, () =>
  withPage("/connect", { fresh: true }, async ({ page }) => {
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    assert.equal(await page.locator(".rail").count(), 0);
  }));

test("when the edge stops answering the page says since when, and is live again by itself", { skip: !process.env.LASTMILE_PID, timeout: 90_000 }, () =>
  withPage("/line", {}, async ({ page }) => {
    const pid = Number(process.env.LASTMILE_PID);
    await page.waitForFunction(() => document.querySelector(".linkstate.live"));
    process.kill(pid, "SIGSTOP");
    try {
      await page.locator(".lost-bar").waitFor({ timeout: 30_000 });
      assert.match(await page.locator(".lost-bar").innerText(), /has not answered since \d\d:\d\d:\d\d/);
      assert.ok((await page.locator(".kv.stale").count()) > 0, "values look old");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    const back = Date.now();
    await page.locator(".lost-bar").waitFor({ state: "detached", timeout: 30_000 });
    assert.ok(Date.now() - back < 10_000, `back after ${Date.now() - back} ms`);
  }));
