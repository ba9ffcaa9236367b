// How a reading looks: its text, its note, and which of the six looks it has. Pure; the clock comes in.
import type { Reading, Tag } from "../api/types";
import { t, word } from "../text";
import { decimalsFor, decimalsOf, exactSpan, moment, number, span, unit } from "../text/format";

export type Look = "none" | "good" | "uncertain" | "stale" | "bad" | "not-applicable";

export interface ValueView {
  look: Look;
  /** The number or word, without its unit; empty when there is no value. */
  text: string;
  unit: string;
  /** What stands beside or under it: age, since when, why. */
  note: string;
}

/** Decimals of a tag: always the same, so that nothing jumps. */
export function decimalsOfTag(tag: Pick<Tag, "range" | "normal" | "value_type"> | undefined, value?: number): number {
  if (tag?.value_type === "i64" || tag?.value_type === "u64" || tag?.value_type === "bool") return value !== undefined && !Number.isInteger(value) ? 1 : 0;
  if (tag?.range) return decimalsFor(tag.range[1] - tag.range[0]);
  if (tag?.normal) return decimalsFor(Math.max(Math.abs(tag.normal[0]), Math.abs(tag.normal[1])) * 2);
  return value === undefined ? 1 : decimalsOf(value);
}

/** The value as text, without unit. */
export function valueText(value: Reading["value"], tag?: Pick<Tag, "range" | "normal" | "value_type">): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return t(value ? "value.true" : "value.false");
  if (typeof value === "number") return number(value, decimalsOfTag(tag, value));
  return value;
}

const notApplicable = "BadDataUnavailable";

/** The quality in words: the plant's own word first. */
export function qualityWord(reading: Reading): string {
  return reading.word ?? (reading.status === "Good" ? t("quality.Good") : word("quality", reading.status));
}

/** `lost`: the feed is gone, so everything is old. */
export function viewOf(reading: Reading | undefined, tag: Pick<Tag, "range" | "normal" | "value_type" | "unit"> | undefined, now: number, lost: boolean): ValueView {
  const shownUnit = unit(tag?.unit);
  if (!reading || (reading.at_ms == null && reading.quality !== "bad")) return { look: "none", text: "", unit: "", note: t("value.notYet") };
  const text = valueText(reading.value, tag);
  const age = reading.at_ms == null ? undefined : now - reading.at_ms;
  if (reading.quality === "bad" || reading.value === null || reading.value === undefined) {
    if (reading.status === notApplicable) return { look: "not-applicable", text: "", unit: "", note: reading.word ?? t("quality.BadDataUnavailable") };
    const since = reading.since_ms == null ? qualityWord(reading) : t("value.badSince", { time: moment(reading.since_ms, now) });
    return { look: "bad", text: "", unit: "", note: reading.word ?? since };
  }
  if (reading.stale || lost) return { look: "stale", text, unit: shownUnit, note: age === undefined ? "" : t("value.ago", { age: age < 3600_000 ? exactSpan(age) : span(age) }) };
  if (reading.quality === "uncertain") return { look: "uncertain", text, unit: shownUnit, note: qualityWord(reading) };
  return { look: "good", text, unit: shownUnit, note: "" };
}
