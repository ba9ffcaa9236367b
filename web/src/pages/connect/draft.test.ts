import { describe, expect, it } from "vitest";
import type { AddressValue, ImportedTag } from "../../api/types";
import { deviceNameOf, draftsOf, effective, fixed, mergeRows, urlOf, withValues } from "./draft";
import { guess } from "./guess";
import { windowOf } from "./useWindow";

const value = (address: string, raw: number | null, type = "f64"): AddressValue => ({ address, value: raw, value_type: type, quality: raw === null ? "bad" : "good", status: "Good", at_ms: 0 });

describe("guesses", () => {
  it("come from the name, and a whole number is scaled into its range", () => {
    expect(guess("Vibration DE", 6.2, "f64")).toEqual({ unit: "mm/s", factor: 1, range: [0, 25] });
    expect(guess("Motor current", 862, "u64")).toMatchObject({ unit: "A", factor: 0.1 });
    expect(guess("Lagertemperatur", 714, "i64")).toMatchObject({ unit: "°C", factor: 0.1 });
    expect(guess("Running", true, "bool")).toEqual({ unit: "", factor: 1, range: undefined });
    expect(guess("xyz", 5, "f64").range).toBeUndefined();
  });
});

const tag = (address: string, label: string, more: Partial<ImportedTag> = {}): ImportedTag => ({ address, label, name: label, ...more });

describe("rows", () => {
  it("keep what a person set when the text changes", () => {
    const first = mergeRows([], [tag("holding:0", "Temp")]).map((row) => ({ ...row, unit: "K", chosen: false }));
    const second = mergeRows(first, [tag("holding:0", "Temp"), tag("holding:2", "")]);
    expect(second[0]).toMatchObject({ unit: "K", chosen: false });
    expect(second[1]).toMatchObject({ address: "holding:2", chosen: true });
  });

  it("keep the address that a person chose, and both rows of one that stands twice", () => {
    const rows = mergeRows([], [tag("holding:0:float32", "A"), tag("holding:0:float32", "B")]);
    expect(rows.map((row) => row.key)).toEqual(["holding:0:float32", "holding:0:float32#2"]);
    const swapped = { ...rows[0]!, ...fixed({ change: "word-order", fits: true, address: "holding:0:float32:cdab", order: "cdab" }) };
    expect(mergeRows([swapped], [tag("holding:0:float32", "A")])[0]).toMatchObject({ key: "holding:0:float32", address: "holding:0:float32:cdab" });
  });

  it("guess once, from the first good value", () => {
    const rows = mergeRows([], [tag("holding:0", "Motor current")]);
    const bad = withValues(rows, [value("holding:0", null)]);
    expect(bad[0]!.guessed).toBeUndefined();
    const good = withValues(bad, [value("holding:0", 862, "u64")]);
    const later = withValues(good, [value("holding:0", 12, "u64")]);
    expect(effective(later[0]!).factor).toBe(0.1);
    expect(later[0]!.minute).toEqual([null, 862, 12]);
  });

  it("keep a scale through two points until somebody sets a factor", () => {
    const rows = mergeRows([], [tag("holding:0", "Temp", { scale: { raw: [0, 27648], to: [-50, 150] }, range: [-50, 150] })]);
    expect(effective(rows[0]!)).toMatchObject({ factor: 200 / 27648, offset: -50, range: [-50, 150] });
    expect(draftsOf(rows, "plc-2", "", new Set())[0]!.tag.scale).toEqual({ raw: [0, 27648], to: [-50, 150] });
    const set = rows.map((row) => ({ ...row, factor: 0.1 }));
    expect(draftsOf(set, "plc-2", "", new Set())[0]!.tag.scale).toEqual({ factor: 0.1, offset: 0 });
  });

  it("become tags with free names, only those that are chosen", () => {
    const rows = mergeRows([], [tag("holding:0", "Vibration DE"), tag("holding:2", "Vibration DE"), tag("coil:0", ""), tag("holding:9", "Bearing temperature", { name: "P7.TT_1" })]);
    const tags = draftsOf(rows, "plc-2", "line-2/pump-7", new Set(["line-2/pump-7/vibration_de"])).map((draft) => draft.tag);
    expect(tags.map((one) => one.name)).toEqual(["line-2/pump-7/vibration_de_2", "line-2/pump-7/vibration_de_3", "line-2/pump-7/coil_0", "line-2/pump-7/p7.tt_1"]);
    expect(draftsOf(rows.map((row) => ({ ...row, chosen: false })), "plc-2", "", new Set())).toEqual([]);
  });
});

describe("a long table", () => {
  const tops = Array.from({ length: 10_001 }, (_, index) => index * 44);

  it("draws the rows in sight and a few more, and keeps its height", () => {
    for (const from of [0, 4_400, 400_000, 439_000]) {
      const { first, end, before, behind } = windowOf(tops, from, from + 600);
      expect(end - first).toBeLessThan(60);
      expect(tops[first]).toBeLessThanOrEqual(from);
      expect(tops[end]).toBeGreaterThanOrEqual(Math.min(440_000, from + 600));
      expect(before + (end - first) * 44 + behind).toBe(440_000);
    }
  });

  it("draws a short one as a whole", () => {
    expect(windowOf(tops.slice(0, 25), 500, 900)).toEqual({ first: 0, end: 24, before: 0, behind: 0 });
  });
});

describe("what is typed as an address", () => {
  it("becomes a URL", () => {
    expect(urlOf("modbus-tcp", "10.20.2.17", "1")).toBe("modbus-tcp://10.20.2.17:502/1");
    expect(urlOf("modbus-tcp", "plc:1502", "7")).toBe("modbus-tcp://plc:1502/7");
    expect(urlOf("modbus-rtu-tcp", "10.0.0.1:4001/3", "1")).toBe("modbus-rtu-tcp://10.0.0.1:4001/3");
    expect(urlOf("modbus-rtu", "/dev/ttyS0?baud=19200", "2")).toBe("modbus-rtu:///dev/ttyS0?baud=19200&unit=2");
    expect(urlOf("modbus-rtu", "com3?baud=9600", "2")).toBe("modbus-rtu://COM3?baud=9600&unit=2");
    expect(urlOf("modbus-tcp", "modbus-tcp://a:1/2", "9")).toBe("modbus-tcp://a:1/2");
    expect(urlOf("modbus-tcp", "  ", "1")).toBeUndefined();
  });

  it("gives a device a name", () => {
    expect(deviceNameOf("modbus-tcp://10.20.2.17:502/1")).toBe("plc-10-20-2-17");
    expect(deviceNameOf(undefined)).toBe("");
  });
});
