import { beforeAll, describe, expect, it } from "vitest";
import type { Device, DeviceLoad, ScanTime } from "../../api/types";
import { loadLanguage } from "../../text";
import { loadSentence, misfitSentence, scanSentence, time } from "./load";
import { deviceMark } from "./state";

beforeAll(() => loadLanguage("en"));

const calm: DeviceLoad = { overloaded: false, line_percent: 4, device_percent: 4, silent_percent: 0, on_line: 1, serial: false, hints: [] };
const device = (day: object, load: Partial<DeviceLoad> = {}) =>
  ({ state: { kind: "reading" }, groups: [{ period_ms: 1000, day: { kept: 0, late: 0, missed: 0, worst_ms: 0, ...day } }], load: { ...calm, ...load } }) as unknown as Device;

const scan: ScanTime = {
  tags: 48, requests: 4, scan_ms: 620, others: 30, round_ms: 18_600, baud: 9600, turnaround_ms: 10, measured: false,
  period_ms: 1000, busy_percent: 1860, keeps_ms: 20_667, allow_ms: 30_000, fits: false, hints: ["group-addresses", "raise-baud", "longer-period"],
};

describe("the sentence about scans", () => {
  it("is quiet while all is well", () => {
    expect(loadSentence(device({ kept: 86_400 }))).toBe("Keeps its 1 s on every scan.");
    expect(deviceMark(device({ kept: 86_400 }))).toBeUndefined();
    expect(loadSentence(device({}))).toBeUndefined();
  });

  it("counts a day's late scans without raising its voice", () => {
    const one = device({ kept: 7000, late: 14, worst_ms: 219.6 });
    expect(loadSentence(one)).toBe("Keeps its 1 s on 99.80 % of scans; in 24 h 14 began late (the latest 220 ms).");
    expect(deviceMark(one)).toBeUndefined();
    expect(loadSentence(device({ kept: 98, late: 1, missed: 1, worst_ms: 1200 }))).toBe("Keeps its 1 s on 98.00 % of scans; in 24 h 1 began late (1.20 s) and 1 was missed.");
  });

  it("says how busy the line is and what helps when it is too much", () => {
    const one = device({ kept: 900, late: 100, worst_ms: 220 }, { overloaded: true, line_percent: 93, serial: true, on_line: 12, hints: ["fewer-tags", "longer-period"], keeps_ms: 2000 });
    expect(loadSentence(one)).toContain("The line with its 12 devices is 93 % busy. What helps: read fewer tags or allow 2 s.");
    expect(deviceMark(one)).toBe("s");
  });
});

describe("the scan time before saving", () => {
  it("names the tags, the baud rate and everything else on the line", () => {
    expect(scanSentence(scan)).toBe("These 48 tags take 620 ms per scan at 9\u202f600 baud. With 30 other devices on this line once around takes 18.6 s.");
    expect(scanSentence({ ...scan, others: 0, tags: 1, baud: null })).toBe("This tag takes 620 ms per scan.");
  });

  it("says what was asked, what is kept and what helps", () => {
    expect(misfitSentence(scan)).toBe("You asked for 1 s; that is 1\u202f860 % of the line\u2019s time, it keeps 20.7 s. What helps: read across small holes, raise the baud rate or allow 30 s.");
    expect(misfitSentence({ ...scan, fits: true })).toBeUndefined();
  });

  it("says times as people say them", () => {
    expect([4.2, 220, 620.4, 1000, 18_600, 300_000].map(time)).toEqual(["4.2 ms", "220 ms", "0.62 s", "1 s", "18.6 s", "5 min"]);
  });
});
