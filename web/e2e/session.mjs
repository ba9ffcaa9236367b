// What every page test stands on: a browser that is signed in, a counter of clicks, an ear for noise.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { launchOptions } from "./browser.mjs";

export const url = process.env.LASTMILE_URL;
export const onFixtures = process.env.LASTMILE_FIXTURES === "1";
const kept = join(tmpdir(), `lastmile-e2e-${process.env.LASTMILE_PID ?? "session"}.json`);

export const big = { width: 1280, height: 800 };
export const tablet = { width: 1024, height: 768 };

/** A browser with one page. `path` is opened signed in; `fresh` leaves the session away. */
export async function open(path, options = {}) {
  const browser = await chromium.launch(launchOptions());
  try {
    return await openIn(browser, path, options);
  } catch (error) {
    for (const page of browser.contexts().flatMap((context) => context.pages())) {
      console.log("# could not open", page.url(), (await page.locator("body").innerText().catch(() => "")).slice(0, 300));
    }
    await browser.close();
    throw error;
  }
}

async function openIn(browser, path, { size = big, dark = false, language = "en", fresh = false, scene = "advice" }) {
  const known = !fresh && existsSync(kept);
  const context = await browser.newContext({ viewport: size, colorScheme: dark ? "dark" : "light", locale: language === "de" ? "de-DE" : "en-GB", ...(known ? { storageState: kept } : {}) });
  await context.addInitScript((chosen) => localStorage.setItem("language", chosen), language);
  if (onFixtures) await context.addCookies([{ name: "scene", value: scene, url }]);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const noise = [];
  const heard = process.env.E2E_TRACE ? (...said) => console.log("#", ...said) : () => {};
  page.on("response", (response) => response.url().includes("/api/") && heard(response.status(), response.request().method(), response.url()));
  page.on("pageerror", (error) => noise.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && noise.push(message.text()));
  page.on("request", (request) => request.url().startsWith(url) || request.url().startsWith("data:") || noise.push(`asked another host: ${request.url()}`));
  if (!fresh && !known && !onFixtures) {
    await page.goto(process.env.LASTMILE_LINK);
    await page.waitForSelector(".rail");
    await context.storageState({ path: kept });
  }
  if (path) {
    await page.goto(url + path);
    if (!fresh) await page.waitForSelector(".rail");
  }
  let clicks = 0;
  return {
    page,
    noise,
    /** A click that counts. Typing does not. */
    click: async (locator) => {
      clicks += 1;
      await locator.click();
    },
    /** The finger stays down until something happened, not for a time that a busy machine would stretch. */
    holdUntil: async (locator, happened) => {
      clicks += 1;
      const box = await locator.boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await happened();
      await page.mouse.up();
    },
    clicks: () => clicks,
    close: async () => {
      await browser.close();
      assert.deepEqual(noise, [], "the page made no noise");
    },
  };
}

/** Runs `body` with an open page and closes it, whatever happens. */
export async function withPage(path, options, body) {
  const session = await open(path, options);
  let failed = true;
  try {
    await body(session);
    failed = false;
  } finally {
    if (failed) {
      await session.page.screenshot({ path: join(tmpdir(), `lastmile-e2e-failed-${Date.now()}.png`) }).catch(() => {});
      session.noise.length = 0;
    }
    await session.close();
  }
}

/** One request as the page would make it, with its session. */
export function api(page, method, path, body) {
  return page.evaluate(
    async ([how, where, what]) => {
      const response = await fetch(where, { method: how, headers: what ? { "content-type": "application/json" } : {}, body: what ? JSON.stringify(what) : undefined });
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : null };
    },
    [method, path, body ?? null],
  );
}
