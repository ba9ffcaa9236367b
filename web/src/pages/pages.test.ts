// Decisions of pages that need no screen.
import { beforeAll, describe, expect, it } from "vitest";
import type { Advisory, Deployment, Device, Place, Reading, Runtime, Tag } from "../api/types";
import { loadLanguage, t } from "../text";
import { setZone } from "../text/format";
import { viewOf } from "../ui/value";
import { sorted } from "./advice/AdvicePage";
import { shortValue } from "./changes/words";
import { deviceSentence, keptShare, shareText } from "./connect/state";
import { adviceAt, chooseLine, linesOf, machinesOf, trailOf, within } from "./line/select";
import { limitOf } from "./line/useLimit";
import { calmVerdict, healthSentence } from "./models/health";
import { startMap } from "./models/useMapping";
import { codeOf } from "./sign-in/SignIn";
import { pickable } from "./trend/TagPicker";

beforeAll(async () => {
  await loadLanguage("en");
  setZone("UTC");
});

const place = (path: string, parent: string | null, picture: string | null = null, advisories = 0) => ({ path, parent, name: path, level: "cell", picture, key_tags: [], deployments: [], advisories, mark: null }) as Place;
const places = [place("", null), place("a", ""), place("a/x", "a", "tank"), place("a/y", "a", "pump"), place("b", ""), place("b/z", "b", "pump", 1), place("ab", "")];

describe("which line", () => {
  it("is one with machines, and the machines keep the order of flow", () => {
    expect(linesOf(places).map((one) => one.path)).toEqual(["a", "b"]);
    expect(machinesOf(places, "a").map((one) => one.path)).toEqual(["a/x", "a/y"]);
  });

  it("is the one asked for, else the remembered, else the one with an advice", () => {
    const advised = places.map((one) => (one.path === "b" ? { ...one, advisories: 1 } : one));
    expect(chooseLine(advised, "a", "b")?.path).toBe("a");
    expect(chooseLine(advised, "a/x", null)?.path).toBe("a");
    expect(chooseLine(advised, undefined, "a")?.path).toBe("a");
    expect(chooseLine(advised, undefined, "gone")?.path).toBe("b");
    expect(chooseLine([place("", null)], undefined, null)).toBeUndefined();
  });

  it("does not mistake a namesake for a part", () => {
    expect(within("a/x", "a")).toBe(true);
    expect(within("ab", "a")).toBe(false);
    expect(trailOf(places, "a/x").map((one) => one.path)).toEqual(["a", "a/x"]);
  });
});

const advisory = (id: string, at: string, state: Advisory["state"], raised_ms: number) => ({ id, place: at, state, raised_ms }) as Advisory;

describe("advice", () => {
  it("of a line is what is active there, not acknowledged first, then the newest", () => {
    const list = [advisory("1", "a/x", "acknowledged", 9), advisory("2", "a/y", "unacknowledged", 1), advisory("3", "b/z", "unacknowledged", 5), advisory("4", "a/y", "unacknowledged", 3), advisory("5", "a/y", "returned", 7)];
    expect(adviceAt(list, "a").map((one) => one.id)).toEqual(["4", "2", "1"]);
    expect(sorted(list).map((one) => one.id)).toEqual(["3", "4", "2", "5", "1"]);
  });
});

const runtime = (health: Runtime["health"], more: Partial<Runtime> = {}) => ({ deployment: "d", place: "a", health, words: "w", last_ms: 1000, condition: { en: "start-up" }, contributions: [], outputs: [], worker: "running", load: { overloaded: false, skipped_windows: 0, lost_scans: 0, lost_decisions: 0 }, ...more }) as Runtime;
const deployment = (mode: Deployment["mode"], ...health: Runtime["health"][]) => ({ mode, runtime: health.map((one) => runtime(one)) }) as Deployment;

describe("no advice", () => {
  it("is an all-clear only when a model looked", () => {
    expect(calmVerdict([deployment("advise", "running")], false)).toBe("fine");
    expect(calmVerdict([deployment("watch", "running"), deployment("off", "off")], false)).toBe("none");
    expect(calmVerdict([deployment("advise", "not-applicable")], false)).toBe("notApplicable");
    expect(calmVerdict([deployment("advise", "running"), deployment("advise", "failed")], false)).toBe("notNow");
    expect(calmVerdict([deployment("advise", "running")], true)).toBe("unknown");
    const behind = { mode: "advise", runtime: [runtime("running"), runtime("running", { load: { overloaded: true, skipped_windows: 4, lost_scans: 0, lost_decisions: 0 } })] } as Deployment;
    expect(calmVerdict([behind], false)).toBe("behind");
  });
});

describe("health", () => {
  it("says an age only when it is old", () => {
    expect(healthSentence(runtime("running"), 3000)).toBe("Predicting.");
    expect(healthSentence(runtime("running"), 61_000)).toBe("Predicting, last answer 60 s ago.");
  });

  it("says the condition, or that there is no experience", () => {
    expect(healthSentence(runtime("not-applicable"), 0)).toBe("Not applicable: start-up.");
    expect(healthSentence(runtime("not-applicable", { condition: null }), 0)).toContain("no experience");
  });
});

describe("the limit of a decision", () => {
  const tunables = [{ tunable: { name: "advice_from", title: {}, default: 1, min: 0, max: 5 }, value: 2.5 }];
  it("is the tunable as it is set here, or a number", () => {
    expect(limitOf({ decision: { output: "score", above: "advice_from" } }, tunables)).toEqual({ output: "score", value: 2.5, above: true });
    expect(limitOf({ decision: { output: "score", below: 3 } }, [])).toEqual({ output: "score", value: 3, above: false });
    expect(limitOf({ decision: { output: "score", above: "gone" } }, [])).toBeUndefined();
    expect(limitOf({}, [])).toBeUndefined();
  });
});

const tag = { unit: "mm/s", range: [0, 25], normal: null, value_type: "f64" } as unknown as Tag;
const reading = (more: Partial<Reading>): Reading => ({ tag: "t", value: 6.24, quality: "good", status: "Good", at_ms: 1000, ...more });

describe("a value", () => {
  it("is plain when it is good", () => {
    expect(viewOf(reading({}), tag, 2000, false)).toEqual({ look: "good", text: "6.2", unit: "mm/s", note: "" });
  });
  it("says its age when it is old, and everything is old when the feed is lost", () => {
    expect(viewOf(reading({ stale: true, quality: "uncertain", status: "UncertainLastUsableValue" }), tag, 62_000, false)).toMatchObject({ look: "stale", note: "1 min 1 s ago" });
    expect(viewOf(reading({}), tag, 6000, true)).toMatchObject({ look: "stale", note: "5 s ago" });
  });
  it("has no number when it is bad, and the plant's word comes first", () => {
    expect(viewOf(reading({ value: null, quality: "bad", status: "BadSensorFailure", since_ms: 0 }), tag, 2000, false)).toMatchObject({ look: "bad", text: "", note: "bad since 00:00" });
    expect(viewOf(reading({ value: null, quality: "bad", status: "BadSensorFailure", word: "wire broken" }), tag, 2000, false).note).toBe("wire broken");
  });
  it("is not applicable rather than wrong", () => {
    expect(viewOf(reading({ value: null, quality: "bad", status: "BadDataUnavailable" }), tag, 2000, false).look).toBe("not-applicable");
  });
  it("is nothing yet before the first one", () => {
    expect(viewOf(undefined, tag, 0, false).look).toBe("none");
  });
  it("shows yes and no", () => {
    expect(viewOf(reading({ value: true }), undefined, 2000, false).text).toBe("yes");
  });
});

const device = (kind: Device["state"]["kind"], more = {}) => ({ state: { kind, words: "two tags fail.", since_ms: 0, last_answer_ms: 0, address: "", ...more }, groups: [] }) as unknown as Device;

describe("a device", () => {
  it("says since when it does not answer, its last answer and the next try", () => {
    expect(deviceSentence(device("not-answering", { next_try_ms: 254_000 }), 250_000)).toBe("Has not answered for 4 min 10 s. Last answer: 00:00:00. Trying again in 4 s.");
    expect(deviceSentence(device("not-answering", { last_answer_ms: null, since_ms: null }), 0)).toContain("never answered");
  });
  it("is never rounded up to all scans on time", () => {
    const group = { period_ms: 1000, tags: 1, blocks: 1, day: { kept: 999_999, late: 1, missed: 0, worst_ms: 220 } };
    expect(shareText(keptShare({ groups: [group] } as unknown as Pick<Device, "groups">)!)).toBe("99.99 %");
    expect(shareText(1)).toBe("100 %");
    expect(keptShare({ groups: [] })).toBeUndefined();
  });
});

describe("a change", () => {
  it("shows what was and is, as short as it can be said", () => {
    expect([5, "x", true, null, { mode: "advise" }, { version: "1.4.0", revision: 3 }, [1]].map(shortValue)).toEqual(["5", "x", t("value.true"), "", "Advising", "1.4.0, revision 3", ""]);
  });
});

describe("a mapping", () => {
  it("starts as it was, else with what clearly fits", () => {
    const suggested = [{ signal: "a", tag: "t/a" }, { signal: "b", tag: null }];
    expect(startMap(undefined, suggested)).toEqual({ a: "t/a" });
    expect(startMap({ b: "x" }, suggested)).toEqual({ b: "x" });
  });
});

describe("the picker of tags", () => {
  it("finds by every word and shows this line first", () => {
    const tags = [{ name: "b/z/temp", label: { en: "Temp" }, unit: "°C", place: "b/z" }, { name: "a/x/temp", label: { en: "Temp" }, unit: "°C", place: "a/x" }, { name: "a/x/recipe", label: {}, unit: "", place: "a/x", value_type: "text" }] as unknown as Tag[];
    expect(pickable(tags, "TEMP °c", "a").map((one) => one.name)).toEqual(["a/x/temp", "b/z/temp"]);
    expect(pickable(tags, "nothing", "a")).toEqual([]);
  });
});

describe("a link that signs in", () => {
  it("carries its code in the path or behind the question mark", () => {
    expect(codeOf("/enter/K4J9", "")).toBe("K4J9");
    expect(codeOf("/sign-in", "?code=K4J9")).toBe("K4J9");
    expect(codeOf("/line", "?code=K4J9")).toBeUndefined();
  });
});
