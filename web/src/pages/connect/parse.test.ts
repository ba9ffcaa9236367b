import { describe, expect, it } from "vitest";
import { freeName, isAddress, numberOf, pairOf, parseLine, parseList, runOf, slug } from "./parse";

describe("a pasted list", () => {
  it("is read with tabs, semicolons, commas or spaces", () => {
    const wanted = { address: "holding:0:float32:cdab", name: "Vibration DE", unit: "mm/s", range: [0, 25] };
    for (const line of ["holding:0:float32:cdab\tVibration DE\tmm/s\t0-25", "Vibration DE;holding:0:float32:cdab;mm/s;0..25", "holding:0:float32:cdab,Vibration DE,mm/s,0–25"]) expect(parseLine(line)).toMatchObject(wanted);
    expect(parseLine("40101 Speed 1/min")).toMatchObject({ address: "40101", name: "Speed", unit: "1/min" });
  });

  it("keeps a scale that stands behind the name", () => {
    expect(parseLine("holding:4\tMotor current\tA\t0.01")).toMatchObject({ factor: 0.01, unit: "A" });
  });

  it("says which lines it did not take, and takes an address once", () => {
    const read = parseList("# my list\nholding:0\nholding:0 again\nno address here\n\n30001");
    expect(read.rows.map((row) => row.address)).toEqual(["holding:0", "30001"]);
    expect(read.left).toEqual(["no address here"]);
  });

  it("knows both habits of writing addresses", () => {
    for (const good of ["holding:100:float32:cdab", "input:7", "coil:0", "40101", "400101", "10001"]) expect(isAddress(good), good).toBe(true);
    for (const bad of ["holding", "50001", "DB1.DBD4", "100"]) expect(isAddress(bad), bad).toBe(false);
  });
});

describe("a run of addresses", () => {
  it("steps by the width of the type", () => {
    expect(runOf("holding", 10, 2, "float32")).toEqual(["holding:10:float32", "holding:12:float32"]);
    expect(runOf("input", 0, 2, "uint64")).toEqual(["input:0:uint64", "input:4:uint64"]);
    expect(runOf("coil", 3, 2, "uint16")).toEqual(["coil:3", "coil:4"]);
  });

  it("never grows beyond what one test may read", () => {
    expect(runOf("holding", 0, 100_000, "uint16")).toHaveLength(500);
  });
});

describe("what people type", () => {
  it("may have a comma or a point", () => {
    expect(numberOf("0,5")).toBe(0.5);
    expect(numberOf("1 480")).toBe(1480);
    expect(numberOf("x")).toBeUndefined();
  });

  it("is a range in many ways, but never a wrong one", () => {
    expect(pairOf("0–25")).toEqual([0, 25]);
    expect(pairOf("-10 bis 40")).toEqual([-10, 40]);
    expect(pairOf("25–0")).toBeUndefined();
  });

  it("becomes a name for a path", () => {
    expect(slug("Lagertemp. (AS) für Öl")).toBe("lagertemp._as_fuer_oel");
    expect(freeName("a", new Set(["a", "a_2"]))).toBe("a_3");
  });
});
