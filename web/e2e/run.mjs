// Runs the page tests in a real browser against a real lastmile.
//   LASTMILE_URL  a running one (with LASTMILE_LINK, a link that signs in once), or
//   LASTMILE_BIN  the program: `demo --headless` is started on a free port and stopped afterwards;
//   --fixtures    instead of both: the made-up plant of dev/fixtures, for work without an edge.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";

const here = new URL(".", import.meta.url).pathname;
const given = process.argv.slice(2);
const fixtures = given.includes("--fixtures");
const names = given.filter((one) => !one.startsWith("--"));
const READY_MS = 60_000;

/** Starts the demonstration and waits for its ready line. */
async function startDemo(program) {
  const demo = spawn(program, ["demo", "--headless", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: demo.stdout });
  const ready = (async () => {
    for await (const line of lines) {
      try {
        const said = JSON.parse(line);
        if (said.event === "ready") return said;
      } catch {
        // not a line for us
      }
    }
    throw new Error("the demonstration ended before it was ready");
  })();
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`not ready within ${READY_MS / 1000} s`)), READY_MS).unref());
  const said = await Promise.race([ready, late]).catch((error) => {
    demo.kill();
    throw error;
  });
  return { demo, said };
}

async function main() {
  const environment = { ...process.env };
  let stop = async () => {};
  if (fixtures) {
    const { serve } = await import("../dev/serve.mjs");
    const { server, url } = await serve(0);
    Object.assign(environment, { LASTMILE_URL: url, LASTMILE_FIXTURES: "1" });
    stop = async () => {
      server.close();
      server.closeAllConnections();
    };
  } else if (!environment.LASTMILE_URL) {
    if (!environment.LASTMILE_BIN) {
      console.error("Set LASTMILE_BIN to the program, or LASTMILE_URL and LASTMILE_LINK to a running one; --fixtures uses a made-up plant.");
      return 2;
    }
    const { demo, said } = await startDemo(environment.LASTMILE_BIN);
    Object.assign(environment, { LASTMILE_URL: said.url, LASTMILE_LINK: said.log_in.link, LASTMILE_NAME: said.log_in.name, LASTMILE_PASSWORD: said.log_in.password, LASTMILE_PID: String(demo.pid) });
    stop = async () => {
      if (demo.exitCode !== null) return;
      demo.kill("SIGTERM");
      const killed = setTimeout(() => demo.kill("SIGKILL"), 10_000);
      await once(demo, "exit");
      clearTimeout(killed);
    };
  }
  const files = readdirSync(here).filter((file) => file.endsWith(".test.mjs") && (names.length === 0 || names.some((name) => file.includes(name))));
  const tests = spawn(process.execPath, ["--test", "--test-concurrency=1", ...files.sort().map((file) => here + file)], { stdio: "inherit", env: environment });
  const [code] = await once(tests, "exit");
  await stop();
  return code ?? 1;
}

process.exitCode = await main();
