import { describe, expect, it } from "vitest";
import { freeName, numberOf, pairOf, runOf, slug } from "./parse";

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
