import { describe, expect, it } from "vitest";
import type { AddressValue } from "../../api/types";
import { deviceNameOf, effective, mergeRows, tagsOf, urlOf, withValues } from "./draft";
import { guess, misfit } from "./guess";

const value = (address: string, raw: number | null, type = "f64"): AddressValue => ({ address, value: raw, value_type: type, quality: raw === null ? "bad" : "good", status: "Good", at_ms: 0 });

describe("guesses", () => {
  it("come from the name, and a whole number is scaled into its range", () => {
    expect(guess("Vibration DE", 6.2, "f64")).toEqual({ unit: "mm/s", factor: 1, range: [0, 25] });
    expect(guess("Motor current", 862, "u64")).toMatchObject({ unit: "A", factor: 0.1 });
    expect(guess("Lagertemperatur", 714, "i64")).toMatchObject({ unit: "°C", factor: 0.1 });
    expect(guess("Running", true, "bool")).toEqual({ unit: "", factor: 1, range: undefined });
    expect(guess("xyz", 5, "f64").range).toBeUndefined();
  });

  it("say when a value does not fit and what would", () => {
    expect(misfit(39.3, 1, "bar(g)", [0, 16])).toMatchObject({ value: 39.3, fit: { unit: "psi(g)", range: [0, 232] } });
    expect(misfit(250, 1, "A", [0, 160])).toMatchObject({ fit: { factor: 0.1 } });
    expect(misfit(10, 1, "bar", [0, 16])).toBeUndefined();
    expect(misfit(true, 1, "bar", [0, 16])).toBeUndefined();
  });
});

describe("rows", () => {
  it("keep what a person set when the list changes", () => {
    const first = mergeRows([], [{ address: "holding:0", name: "Temp" }]).map((row) => ({ ...row, unit: "K", chosen: false }));
    const second = mergeRows(first, [{ address: "holding:0", name: "Temp" }, { address: "holding:2", name: "" }]);
    expect(second[0]).toMatchObject({ unit: "K", chosen: false });
    expect(second[1]).toMatchObject({ address: "holding:2", chosen: true });
  });

  it("guess once, from the first good value", () => {
    const rows = mergeRows([], [{ address: "holding:0", name: "Motor current" }]);
    const bad = withValues(rows, [value("holding:0", null)]);
    expect(bad[0]!.guessed).toBeUndefined();
    const good = withValues(bad, [value("holding:0", 862, "u64")]);
    const later = withValues(good, [value("holding:0", 12, "u64")]);
    expect(effective(later[0]!).factor).toBe(0.1);
    expect(later[0]!.minute).toEqual([null, 862, 12]);
  });

  it("become tags with free names, only those that are chosen", () => {
    const rows = mergeRows([], [{ address: "holding:0", name: "Vibration DE" }, { address: "holding:2", name: "Vibration DE" }, { address: "coil:0", name: "" }]);
    rows[2]!.chosen = true;
    const tags = tagsOf(rows, "plc-2", "line-2/pump-7", new Set(["line-2/pump-7/vibration_de"]));
    expect(tags.map((tag) => tag.name)).toEqual(["line-2/pump-7/vibration_de_2", "line-2/pump-7/vibration_de_3", "line-2/pump-7/coil_0"]);
    expect(tagsOf(rows.map((row) => ({ ...row, chosen: false })), "plc-2", "", new Set())).toEqual([]);
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
