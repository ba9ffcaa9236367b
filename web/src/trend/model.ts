// What a trend strip draws: one series of buckets with its gaps. Pure.

export interface Gap {
  /** ms */
  from: number;
  to: number;
  /** In the reader's language. */
  reason?: string | undefined;
  /** Nobody can say more than that there is nothing. */
  plain?: boolean | undefined;
  /** There were samples, and none had a number: the reason is the whole of it. */
  empty?: boolean | undefined;
}

export interface TrendData {
  /** Bucket times, ms, ascending. */
  times: number[];
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  gaps: Gap[];
}

export interface Strip {
  tag: string;
  label: string;
  /** A line under the value. */
  note?: string | undefined;
  unit: string;
  /** Every strip of one stack covers the same time; data may still be loading. */
  data: TrendData | undefined;
  /** Drawn as steps: yes/no values, modes, counters. */
  stepped?: boolean;
  decimals: number;
  band?: readonly [number, number] | undefined;
  /** A dashed line with a word: the limit of a decision. */
  limit?: { value: number; text: string } | undefined;
  range?: readonly [number, number] | undefined;
}

export interface ChangeMark {
  id: string;
  time: number;
  title: string;
  detail: string;
  to?: string;
}

export const emptyTrend: TrendData = { times: [], mean: [], min: [], max: [], gaps: [] };

/** The vertical ends of a strip: what was seen, the band, and the limit; with air, and not so near that noise looks wild. */
export function ends(strip: Pick<Strip, "data" | "band" | "limit" | "range">): [number, number] {
  let from = Infinity;
  let to = -Infinity;
  const take = (value: number | null | undefined) => {
    if (value == null || !Number.isFinite(value)) return;
    if (value < from) from = value;
    if (value > to) to = value;
  };
  strip.data?.min.forEach(take);
  strip.data?.max.forEach(take);
  strip.band?.forEach(take);
  take(strip.limit?.value);
  if (!Number.isFinite(from)) return strip.range ? [strip.range[0], strip.range[1]] : [0, 1];
  const least = strip.range ? (strip.range[1] - strip.range[0]) * 0.02 : Math.max(Math.abs(from), Math.abs(to)) * 0.01 || 1;
  const size = Math.max(to - from, least || 1);
  const middle = (from + to) / 2;
  return [middle - size * 0.6, middle + size * 0.6];
}

/** Two or three round numbers between the ends, for the axis; the ends of the band when there is one. */
export function ticks(from: number, to: number, band?: readonly [number, number]): number[] {
  if (band && band[1] > band[0] && band[0] >= from && band[1] <= to && (band[1] - band[0]) / (to - from) > 0.16) return [band[0], band[1]];
  const raw = (to - from) / 3.5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw) ?? raw;
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found.slice(0, 4);
}

const steps = [1, 2, 5, 10, 15, 30].map((m) => m * 60_000).concat([1, 2, 3, 4, 6, 12, 24, 48].map((h) => h * 3_600_000));

/** Times for the axis: whole minutes, hours or days in the plant's zone, at most `most`. `offset` is the zone's distance from UTC. */
export function timeTicks(from: number, to: number, most: number, offset: number): number[] {
  const step = steps.find((candidate) => (to - from) / candidate <= most) ?? 7 * 24 * 3_600_000;
  const found: number[] = [];
  for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to; at += step) found.push(at);
  return found;
}

/** The distance of a zone from UTC at a time, in ms. */
export function zoneOffset(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).formatToParts(at);
  const get = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second")) - Math.floor(at / 1000) * 1000;
}

/** The index of the last bucket at or before a time. */
export function indexAt(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length - 1;
  let found = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= at) {
      found = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return found;
}

/** Gaps of a series: those that history knows, and stretches where there were samples and none had a number (a bad sensor, a silent
    device that is probed now and then). Such a stretch takes in the plain gaps it touches. Pure. */
export function withVoids(times: readonly number[], mean: readonly (number | null)[], gaps: readonly Gap[], reason: string): Gap[] {
  let width = Infinity;
  for (let at = 1; at < times.length; at += 1) width = Math.min(width, times[at]! - times[at - 1]!);
  const half = Number.isFinite(width) ? width / 2 : 500;
  const voids: Gap[] = [];
  for (let at = 0; at < times.length; at += 1) {
    if (mean[at] !== null) continue;
    const first = at;
    while (at + 1 < times.length && mean[at + 1] === null) at += 1;
    voids.push({ from: times[first]! - half, to: at + 1 < times.length ? times[at + 1]! - half : times[at]! + half, reason, empty: true });
  }
  let rest = [...gaps];
  for (const one of voids) {
    const touched = (gap: Gap) => gap.plain === true && gap.from <= one.to + half && gap.to >= one.from - half;
    for (const gap of rest.filter(touched)) {
      one.from = Math.min(one.from, gap.from);
      one.to = Math.max(one.to, gap.to);
    }
    rest = rest.filter((gap) => !touched(gap));
  }
  // what has a reason of its own needs no second one: of a stretch under such a gap only what sticks out is left
  const named = rest.filter((gap) => gap.plain !== true);
  const left = named.reduce((open, gap) => open.flatMap((one) => outside(one, gap)).filter((one) => one.to - one.from >= half), voids);
  return [...rest, ...left].sort((a, b) => a.from - b.from);
}

/** The parts of a stretch that a gap does not cover. */
function outside(one: Gap, gap: Gap): Gap[] {
  if (gap.to <= one.from || gap.from >= one.to) return [one];
  return [{ ...one, to: gap.from }, { ...one, from: gap.to }].filter((part) => part.to > part.from);
}
