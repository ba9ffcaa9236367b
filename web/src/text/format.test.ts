import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadLanguage } from "./index";
import { band, clock, decimalsFor, exactSpan, moment, number, setZone, short, span, unit, utc } from "./format";

const NARROW = "\u202f";

describe("numbers", () => {
  beforeAll(() => loadLanguage("en"));
  afterAll(() => loadLanguage("en"));

  it("group by a narrow space and take the decimal sign of the language", async () => {
    expect(number(1480.25, 1)).toBe(`1${NARROW}480.3`);
    await loadLanguage("de");
    expect(number(1480.25, 1)).toBe(`1${NARROW}480,3`);
    await loadLanguage("en");
  });

  it("have a real minus and no minus before nothing", () => {
    expect(number(-3.2, 1)).toBe("\u22123.2");
    expect(number(-0.01, 1)).toBe("0.0");
  });

  it("show a tag with decimals that fit its range", () => {
    expect([3000, 150, 25, 16, 2, 1, 0.1].map(decimalsFor)).toEqual([0, 1, 1, 2, 2, 3, 4]);
  });

  it("are short on axes", () => {
    expect([0, 60, 1500, 0.125, 2.5].map(short)).toEqual(["0", "60", `1${NARROW}500`, "0.125", "2.5"]);
  });

  it("say a band, also an open one", () => {
    expect(band(2, 4)).toBe("2\u20134");
    expect(band(null, 4)).toBe("up to 4");
    expect(band(null, null)).toBe("\u2013");
  });
});

describe("units", () => {
  it("are written as plants write them", () => {
    expect(["Cel", "°C", "m3/h", "[psi]", "1", "mm/s", ""].map(unit)).toEqual(["°C", "°C", "m³/h", "psi", "", "mm/s", ""]);
  });
});

describe("times", () => {
  beforeAll(async () => {
    await loadLanguage("en");
    setZone("Europe/Berlin");
  });
  const at = Date.UTC(2026, 10, 21, 14, 24, 8);

  it("are in the zone of the plant, and the record also says UTC", () => {
    expect(clock(at)).toBe("15:24:08");
    expect(utc(at)).toBe("14:24:08 UTC");
  });

  it("name the day when it is another one", () => {
    expect(moment(at, at + 60_000)).toBe("15:24");
    expect(moment(at, at + 30 * 3_600_000)).toBe("21 Nov 15:24");
  });

  it("ages grow from tenths of seconds to days", () => {
    expect([400, 61_000, 130_000, 4_920_000, 3 * 86_400_000].map(span)).toEqual(["0.4 s", "61 s", "2 min", "1 h 22 min", "3 d"]);
    expect(exactSpan(250_000)).toBe("4 min 10 s");
  });

  it("an unknown zone becomes UTC", () => {
    setZone("Nowhere/Nothing");
    expect(clock(at)).toBe("14:24:08");
  });
});
