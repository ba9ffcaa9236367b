import { beforeAll, describe, expect, it } from "vitest";
import { loadLanguage } from "../text";
import { sparkEnds, sparkPath } from "../ui/Spark";
import { gaugeEnds } from "../ui/Gauge";
import { together } from "./ChangeMarks";
import { ends, indexAt, ticks, timeTicks, zoneOffset, type ChangeMark, withVoids } from "./model";
import type { Trend } from "../api/types";
import { dataOf, pace, startSpan } from "./useTrend";

beforeAll(() => loadLanguage("en"));

const HOUR = 3_600_000;

describe("a strip", () => {
  it("shows its band even when the values are elsewhere", () => {
    const [low, high] = ends({ data: { times: [1], mean: [6], min: [5], max: [7], gaps: [] }, band: [2, 4] });
    expect(low).toBeLessThan(2);
    expect(high).toBeGreaterThan(7);
  });

  it("does not blow up the noise of a flat line", () => {
    const [low, high] = ends({ data: { times: [1], mean: [50], min: [49.99], max: [50.01], gaps: [] }, range: [0, 100] });
    expect(high - low).toBeGreaterThan(2);
  });

  it("has an extent without any data", () => {
    expect(ends({ data: undefined })).toEqual([0, 1]);
    expect(ends({ data: undefined, range: [0, 25] })).toEqual([0, 25]);
  });

  it("marks the ends of its band on the axis, else round numbers", () => {
    expect(ticks(1, 7, [2, 4])).toEqual([2, 4]);
    expect(ticks(0, 100)).toEqual([0, 50, 100]);
    expect(ticks(0, 0.3).length).toBeGreaterThanOrEqual(2);
  });

  it("never draws over a gap and ends at the newest reading", () => {
    const series = { tag: "a", label: {}, unit: "", t: [1, 2, 3], mean: [1, null, 3], min: [1, null, 3], max: [1, null, 3], gaps: [{ from_ms: 1, to_ms: 3, reason: "edge was off" }] };
    const data = dataOf(series, { at_ms: 9, value: 4 })!;
    expect(data.mean).toEqual([1, null, 3, 4]);
    expect(data.gaps[0]!.reason).toBe("edge was off");
    expect(dataOf(series, { at_ms: 2, value: 4 })!.mean).toHaveLength(3);
    expect(dataOf(series, { at_ms: 9, value: null })!.mean).toHaveLength(3);
  });
});

describe("times on the axis", () => {
  it("are whole hours of the plant's zone", () => {
    const offset = zoneOffset("Asia/Kolkata", Date.UTC(2026, 5, 1));
    expect(offset).toBe(5.5 * HOUR);
    const found = timeTicks(Date.UTC(2026, 5, 1), Date.UTC(2026, 5, 1, 8), 8, offset);
    expect(found.every((time) => (time + offset) % HOUR === 0)).toBe(true);
    expect(found).toHaveLength(8);
  });

  it("never are more than there is room for", () => {
    for (const span of [HOUR, 8 * HOUR, 24 * HOUR, 168 * HOUR]) expect(timeTicks(0, span, 6, 0).length).toBeLessThanOrEqual(7);
  });
});

describe("a cursor", () => {
  it("finds the bucket at or before it", () => {
    expect([5, 10, 15, 99].map((time) => indexAt([10, 20, 30], time))).toEqual([-1, 0, 0, 2]);
  });
});

describe("change marks", () => {
  it("stand together when they would touch", () => {
    const mark = (id: string, time: number): ChangeMark => ({ id, time, title: id, detail: "" });
    expect(together([mark("c", 900), mark("a", 100), mark("b", 110)], 0, 1000).map((group) => group.map((one) => one.id))).toEqual([["a", "b"], ["c"]]);
  });
});

describe("a trend", () => {
  it("is asked for again as often as a bucket is new, within limits", () => {
    expect(pace(HOUR, 360)).toBe(10_000);
    expect(pace(60_000, 600)).toBe(2_000);
    expect(pace(168 * HOUR, 360)).toBe(30_000);
  });
});

describe("the span to start with", () => {
  const history = (minutes: number) => ({ from_ms: 0, to_ms: 8 * HOUR, marks: [], series: [{ t: [8 * HOUR - minutes * 60_000] }] }) as unknown as Trend;
  it("is short while there is hardly any history", () => {
    expect([4, 30, 300].map((minutes) => startSpan(history(minutes), "8h"))).toEqual(["10m", "1h", "8h"]);
    expect(startSpan(undefined, "1h")).toBe("1h");
    expect(startSpan(history(300), "1h")).toBe("1h");
  });
});

describe("a spark", () => {
  it("leaves gaps open", () => {
    expect(sparkPath([1, null, 1], 0, 2).match(/M/g)).toHaveLength(2);
    expect(sparkPath([], 0, 1)).toBe("");
  });

  it("keeps the band in sight and has an extent without points", () => {
    expect(sparkEnds([], null, null)).toEqual([0, 1]);
    const [low, high] = sparkEnds([10], 2, 4);
    expect(low).toBeLessThanOrEqual(2);
    expect(high).toBeGreaterThanOrEqual(10);
  });
});

describe("a gauge", () => {
  it("stretches until the value is on it", () => {
    expect(gaugeEnds(2, 4, 3)).toEqual([1, 5]);
    expect(gaugeEnds(2, 4, 9)[1]).toBeGreaterThan(9);
    expect(gaugeEnds(2, 4, -9)[0]).toBeLessThan(-9);
  });
});

describe("stretches without a number", () => {
  it("are gaps, and take in the plain gaps between samples that had no value", () => {
    const times = [10, 20, 30, 60, 90];
    const probed = [
      { from: 30, to: 60, reason: "no data", plain: true },
      { from: 60, to: 90, reason: "no data", plain: true },
      { from: 90, to: 120, reason: "no data", plain: true },
    ];
    expect(withVoids(times, [1, 2, null, null, null], probed, "no value")).toEqual([{ from: 25, to: 120, reason: "no value", empty: true }]);
  });

  it("end where the next number is, and leave gaps alone whose reason is known", () => {
    const off = { from: 20, to: 30, reason: "edge was off", plain: false };
    expect(withVoids([10, 20, 30, 40], [1, null, 3, 4], [off], "no value")).toEqual([{ from: 15, to: 20, reason: "no value", empty: true }, off]);
    expect(withVoids([10, 20], [1, 2], [off], "no value")).toEqual([off]);
  });

  it("are not said twice where a gap has a reason of its own", () => {
    const off = { from: 14, to: 36, reason: "switch restarted", plain: false };
    expect(withVoids([10, 20, 30, 40], [1, null, null, 4], [off], "no value")).toEqual([off]);
    const short = { from: 14, to: 26, reason: "switch restarted", plain: false };
    expect(withVoids([10, 20, 30, 40, 50], [1, null, null, null, 5], [short], "no value")).toEqual([short, { from: 26, to: 45, reason: "no value", empty: true }]);
  });
});
