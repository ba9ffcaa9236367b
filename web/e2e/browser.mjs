// The browser of the tests: the one of the system, headless, without its own network traffic.

/** How Chromium is started everywhere in this folder. */
export function launchOptions() {
  return {
    executablePath: process.env.LASTMILE_BROWSER ?? process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  };
}
