// What there is to look at: every page in its states, as `[name, path, { scene, act, wait }]`. `scene` is one of the made-up plant
// (`fixtures/api.mjs`), `act` does what a person would do first. A new page or state gets its line here.
const tags = ["line-2/pump-7/vibration_de", "line-2/pump-7/bearing_temp", "line-2/pump-7/speed", "line-2/pump-7/pump-bearing/score"];
const trend = `/trend?tags=${encodeURIComponent(JSON.stringify(tags.join(",")))}`;
const odd = `/trend?tags=${encodeURIComponent(JSON.stringify(["line-2/exchanger/pressure_drop", "line-2/product-tank/level", "line-2/nowhere"].join(",")))}`;
const model = "/models/at/pump-7-bearing";
const LOST_MS = 15_000;

const press = (name) => (page) => page.getByRole("button", { name }).first().click();
const touch = (selector) => (page) => page.locator(selector).first().click();

const below = (page) => page.locator("main").evaluate((main) => main.scrollTo(0, main.scrollHeight));

export const scenes = [
  ["line", "/line"],
  ["line-calm", "/line", { scene: "calm" }],
  ["line-odd", "/line", { scene: "odd" }],
  ["line-off", "/line", { scene: "off" }],
  ["line-not-applicable", "/line", { scene: "na" }],
  ["line-overload", "/line", { scene: "overload" }],
  ["line-silent", "/line", { scene: "silent" }],
  ["line-empty", "/line", { scene: "empty" }],
  ["line-no-right", "/line", { scene: "no-right" }],
  ["line-slow", "/line", { scene: "slow" }],
  ["line-broken", "/line", { scene: "broken" }],
  ["line-lost", "/line", { scene: "lost", wait: LOST_MS }],
  ["line-demo", "/line", { scene: "demo" }],
  ["line-mark", "/line", { act: touch(".mark-tri") }],
  ["line-variable", "/line", { act: touch(".variable") }],
  ["line-switch-on", "/line", { scene: "off", act: press(/^(Switch on|Einschalten)$/) }],
  ["who", "/line", { act: touch(".who") }],

  ["connect", "/connect"],
  ["connect-overload", "/connect", { scene: "overload" }],
  ["connect-empty", "/connect", { scene: "empty" }],
  ["connect-no-right", "/connect", { scene: "no-right" }],
  ["connect-slow", "/connect", { scene: "slow" }],
  ["connect-broken", "/connect", { scene: "broken" }],
  ["device", "/connect/device/plc-2"],
  ["device-silent", "/connect/device/gateway-1"],
  ["device-overload", "/connect/device/gateway-1", { scene: "overload" }],
  ["device-no-right", "/connect/device/plc-2", { scene: "no-right" }],
  ["device-unknown", "/connect/device/nobody"],
  ["add", "/connect/add"],
  ["add-tags", "/connect/add", { act: fill, wait: 4500 }],
  ["add-dead", "/connect/add", { act: dead, wait: 2500 }],
  ["add-no-right", "/connect/add", { scene: "no-right", act: fill, wait: 4500 }],
  ["import-kepware", "/connect/add", { act: kepware, wait: 5000 }],
  ["import-flow", "/connect/add", { act: flow, wait: 2500 }],
  ["import-long", "/connect/add", { act: long, wait: 5000 }],
  ["import-lines-lost", "/connect/add", { act: lost, wait: 2500 }],
  ["tags", "/connect/tags"],
  ["tags-empty", "/connect/tags", { scene: "empty" }],
  ["tags-broken", "/connect/tags", { scene: "broken" }],
  ["tag-edit", "/connect/tags", { act: touch("td .btn"), wait: 900 }],

  ["models", "/models"],
  ["models-off", "/models", { scene: "off" }],
  ["models-empty", "/models", { scene: "empty" }],
  ["models-broken", "/models", { scene: "broken" }],
  ["model", model],
  ["model-calm", model, { scene: "calm" }],
  ["model-not-applicable", model, { scene: "na" }],
  ["model-overload", model, { scene: "overload" }],
  ["model-no-right", model, { scene: "no-right" }],
  ["model-broken", model, { scene: "broken" }],
  ["map", `${model}/map`],
  ["map-wrong", `${model}/map`, { act: (page) => page.locator("select").nth(1).selectOption("line-2/feed-tank/level"), wait: 1200 }],
  ["deploy", `/models/new?bundle=${encodeURIComponent('"sha256:77aa"')}`],

  ["advice", "/advice"],
  ["advice-all", "/advice", { act: press(/^(All|Alle)$/) }],
  ["advice-empty", "/advice", { scene: "calm" }],
  ["advice-broken", "/advice", { scene: "broken" }],
  ["trend", trend],
  ["trend-odd", odd],
  ["trend-8h", `${trend}&span=%228h%22`],
  ["trend-empty", "/trend"],
  ["trend-broken", trend, { scene: "broken" }],
  ["changes", "/changes"],
  ["changes-verified", "/changes", { act: press(/^(Verify|Prüfen)$/) }],
  ["changes-empty", "/changes", { scene: "empty" }],
  ["changes-broken", "/changes", { scene: "broken" }],

  ["system", "/system"],
  ["system-below", "/system", { act: below }],
  ["system-hub-away", "/system", { scene: "hub-away" }],
  ["system-restored", "/system", { scene: "restored", act: below }],
  ["system-backup", "/system", { act: press(/^(Take a backup|Sicherung erstellen)$/) }],
  ["system-empty", "/system", { scene: "empty" }],
  ["system-no-right", "/system", { scene: "no-right" }],
  ["system-broken", "/system", { scene: "broken" }],
  ["not-found", "/nowhere"],
  ["sign-in", "/line", { scene: "signed-out" }],
  ["sign-in-wrong", "/line", { scene: "signed-out", act: wrong, wait: 900 }],
  ["first-run", "/line", { scene: "first-run" }],
];

const address = (page) => page.getByLabel(/^(Address|Adresse)$/);

async function fill(page) {
  await address(page).fill("10.20.2.17");
  await page.locator("#addresses").fill("holding:0:float32:cdab\tVibration DE\nholding:2:float32\tInlet pressure\nholding:4:float32\tBearing temp.\nholding:6:float32\tSpeed\nholding:8:uint16\tMotor current\nholding:999\tOil temp.\ncoil:0\tRunning");
}

async function kepware(page) {
  await address(page).fill("10.20.2.17");
  await page.locator("#addresses").fill("Tag Name,Address,Data Type\n".padEnd(5000));
}

async function flow(page) {
  await page.locator("#addresses").fill('[{"type":"modbus-read"}]');
}

async function long(page) {
  await address(page).fill("10.20.2.17");
  const list = Array.from({ length: 3000 }, (_, n) => `holding:${n * 2}:float32\tPressure ${n}\tbar(g)\t0-16`).join("\n");
  await page.locator("input[type=file]").setInputFiles({ name: "long.tsv", mimeType: "text/plain", buffer: Buffer.from(list) });
  await page.waitForTimeout(2500);
  await page.locator(".addr-table").evaluate((box) => box.scrollTo(0, 60_000));
}

async function lost(page) {
  await page.locator("#addresses").fill("holding:0\tSpeed\nno address\n\n# comment\nanother line without one\nholding:2:float32\tLevel\t%\t0-100");
}

async function dead(page) {
  await address(page).fill("10.99.0.1");
}

async function wrong(page) {
  const [name, password] = [page.locator("input").nth(0), page.locator("input").nth(1)];
  await name.fill("berger");
  await password.fill("not this");
  await page.locator("form .btn.primary").click();
}
