// Many tags at once: a pasted list, a Node-RED flow, a Kepware export. What was not understood is said; odd tags come first.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { api, onFixtures, tablet, withPage } from "./session.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Host and port of the demonstration's controller, by a name that no device has yet. */
async function plant(page) {
  if (onFixtures) return { host: "10.20.2.17", port: "502" };
  const devices = await api(page, "GET", "/api/v1/devices");
  const url = devices.body.find((one) => one.name === "plc-2").url;
  return { host: "localhost", port: /:(\d+)\//.exec(url)[1] };
}

/** Takes the device away again, so that the next test may use its address. */
async function remove(page, name) {
  if (onFixtures) return;
  const site = await api(page, "GET", "/api/v1/site");
  const gone = await api(page, "DELETE", `/api/v1/devices/${name}?based_on=${site.body.head}&because=only%20a%20test`);
  assert.equal(gone.status, 200, JSON.stringify(gone.body));
}

const rows = ".addr-table tbody tr:not([aria-hidden]):not(.odd-why)";

test("24 pasted tags are live while choosing and saved with at most 5 clicks", { timeout: 90_000 }, () =>
  withPage("/line", {}, async ({ page, click, clicks }) => {
    const { host, port } = await plant(page);
    await click(page.getByRole("link", { name: "Connect", exact: true }));
    await click(page.getByRole("link", { name: "Add device" }));
    await page.getByLabel("Address", { exact: true }).fill(`${host}:${port}/1`);
    await page.getByLabel("Name", { exact: true }).fill("pasted");
    await click(page.locator("#addresses"));
    await page.locator("#addresses").fill(Array.from({ length: 24 }, (_, n) => `holding:${n}\tRegister ${n}`).join("\n"));
    await page.waitForFunction(() => document.querySelectorAll(".addr-table tbody td:nth-child(4) b").length >= 24);
    await click(page.getByRole("button", { name: "Save 24 tags" }));
    await page.waitForURL(/\/connect\/device\/pasted/);
    assert.ok(clicks() <= 5, `${clicks()} clicks`);
    if (!onFixtures) assert.equal((await api(page, "GET", "/api/v1/tags?device=pasted")).body.length, 24);
    await remove(page, "pasted");
  }));

const flow = ({ host, port }) =>
  JSON.stringify([
    { id: "c", type: "modbus-client", name: "Pump station", clienttype: "tcp", tcpHost: host, tcpPort: port, tcpType: "DEFAULT", unit_id: "1" },
    { id: "r", type: "modbus-read", name: "Tank", dataType: "HoldingRegister", adr: "20", quantity: "4", rate: "1", rateUnit: "s", server: "c", wires: [["p"], []] },
    {
      id: "p",
      type: "buffer-parser",
      name: "Decode",
      specificationType: "ui",
      items: [
        { type: "floatbe", name: "Tank level", offset: 0, length: 1, scale: "1", mask: "" },
        { type: "floatbe", name: "Tank temperature", offset: 4, length: 1, scale: "1", mask: "" },
      ],
      wires: [[]],
    },
    { id: "w", type: "modbus-write", name: "Set speed", server: "c", wires: [] },
  ]);

test("a Node-RED flow brings the address of its device and its tags with at most 5 clicks", { timeout: 90_000 }, () =>
  withPage("/line", {}, async ({ page, click, clicks }) => {
    const at = await plant(page);
    await click(page.getByRole("link", { name: "Connect", exact: true }));
    await click(page.getByRole("link", { name: "Add device" }));
    await page.locator("input[type=file]").setInputFiles({ name: "flows.json", mimeType: "application/json", buffer: Buffer.from(flow(at)) });
    await click(page.getByRole("button", { name: /^Use / }));
    await page.getByText("Reachable", { exact: true }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".addr-table tbody td:nth-child(4) b").length >= 2);
    assert.ok((await page.locator(".report li.left-aside").count()) >= 1, "the writing node is named");
    await click(page.getByRole("button", { name: /^Save \d+ tags$/ }));
    await page.waitForURL(/\/connect\/device\/(pump-station|plc-7)/);
    assert.ok(clicks() <= 5, `${clicks()} clicks`);
    if (onFixtures) return;
    const tags = await api(page, "GET", "/api/v1/tags?device=pump-station");
    assert.deepEqual(tags.body.map((tag) => tag.address).sort(), ["holding:20:float32", "holding:22:float32"]);
    await remove(page, "pump-station");
  }));

const kepware = [
  "Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,Scaled High,Scaled Data Type,Clamp Low,Clamp High,Eng Units,Description,Negate Value",
  '"P7.Vibration","400001",Float,1,RO,100,,,,,,,,,mm/s,"Vibration DE",',
  '"P7.Curve","400101[100]",Word Array,1,RO,100,,,,,,,,,,"",',
  '"P7.Flow","400021",Word,1,RO,100,Square Root,0,27648,0,50,Float,0,0,m3/h,"",',
  '"P7.Day","400031",Date,1,RO,100,,,,,,,,,,"",',
  '"P7.Level","400021",Word,1,R/W,100,Linear,0,27648,0,100,Float,0,0,%,"Tank level",',
].join("\n");

test("a Kepware export with 3 odd rows shows 3 sentences, and all of it passes the accessibility check", () =>
  withPage("/connect/add", { size: tablet, dark: true }, async ({ page }) => {
    await page.locator("input[type=file]").setInputFiles({ name: "plc.csv", mimeType: "text/csv", buffer: Buffer.from(kepware) });
    await page.locator(".report li.not-taken").first().waitFor();
    const said = await page.locator(".report li.not-taken").allInnerTexts();
    assert.equal(said.length, 3, said.join(" | "));
    for (const name of ["P7.Curve", "P7.Flow", "P7.Day"]) assert.ok(said.some((sentence) => sentence.includes(name)), name);
    assert.match(await page.locator(".report").innerText(), /low word first \(cdab\)/);
    await page.evaluate(axe);
    const result = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    assert.deepEqual(result.violations.filter((one) => one.impact === "serious" || one.impact === "critical").map((one) => `${one.id} ${one.nodes[0].target}`), []);
  }));

test("a float in the wrong word order shows all four and takes the right one with one click", { skip: onFixtures, timeout: 60_000 }, () =>
  withPage("/connect/add", {}, async ({ page }) => {
    const { host, port } = await plant(page);
    await page.getByLabel("Address", { exact: true }).fill(`${host}:${port}/1`);
    // the demonstration sends it with its words swapped
    await page.locator("#addresses").fill("holding:0:float32\tVibration DE\tmm/s\t0.01-25");
    await page.locator(".order").first().waitFor();
    assert.equal(await page.locator(".order").count(), 4);
    await page.getByRole("button", { name: /^Order cdab reads/ }).click();
    await page.locator(".odd-why").waitFor({ state: "detached" });
    assert.match(await page.locator(rows).first().innerText(), /holding:0:float32:cdab/);
  }));

test("what cannot be saved stands first, says why and stops the button", () =>
  withPage("/connect/add", {}, async ({ page }) => {
    const { host, port } = await plant(page);
    await page.getByLabel("Address", { exact: true }).fill(`${host}:${port}/1`);
    await page.locator("#addresses").fill("holding:20:float32\tTank level\t%\nholding:22:float32\tTank temperature\nno address here");
    const unit = page.getByLabel("Unit of Tank temperature");
    await unit.fill("C");
    await unit.press("Enter");
    await page.locator(".odd-why.stop").waitFor();
    assert.equal(await page.getByRole("button", { name: /^Save 2 tags/ }).isDisabled(), true);
    await page.getByRole("button", { name: "Use °C" }).click();
    await page.locator(".odd-why.stop").waitFor({ state: "detached" });
    assert.match(await page.locator(".report li.not-taken").innerText(), /Line 3: No address in/);
  }));

test("a list of 3,000 tags draws only the rows in sight", { timeout: 60_000 }, () =>
  withPage("/connect/add", {}, async ({ page }) => {
    const list = Array.from({ length: 3_000 }, (_, n) => `holding:${n * 2}:float32\tPressure ${n}`).join("\n");
    await page.locator("input[type=file]").setInputFiles({ name: "long.tsv", mimeType: "text/plain", buffer: Buffer.from(list) });
    await page.getByRole("heading", { name: /^3[,.\s]?000 addresses/ }).waitFor();
    assert.ok((await page.locator(rows).count()) < 120);
    await page.locator(".addr-table").evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await page.getByLabel("Name of holding:5998:float32").waitFor();
    assert.ok((await page.locator(rows).count()) < 120);
  }));
