// History for strips: asked for again as often as a bucket is new, with the edge's clock as "now".
import { useQuery, keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { live, useNow } from "../api/hooks";
import { client } from "../api/client";
import type { Trend, TrendSeries } from "../api/types";
import { moment } from "../text/format";
import { t } from "../text";
import { say } from "../text/said";
import { withVoids, type ChangeMark, type TrendData } from "./model";

export const spans = { "10m": 600_000, "1h": 3_600_000, "8h": 8 * 3_600_000, "24h": 24 * 3_600_000, "7d": 7 * 24 * 3_600_000 } as const;
export type SpanName = keyof typeof spans;
export const spanNames = Object.keys(spans) as SpanName[];

export function isSpan(name: string | undefined): name is SpanName {
  return name !== undefined && name in spans;
}

const LEAST_MS = 2_000;
const MOST_MS = 30_000;

/** How often a span is asked for again. */
export function pace(spanMs: number, buckets: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, spanMs / buckets));
}

interface Asked {
  trend: Trend | undefined;
  from: number;
  to: number;
  error: unknown;
  isPending: boolean;
  refetch: () => void;
}

/** `end`: a fixed end, or none for "until now", which moves on. */
export function useTrend(tags: readonly string[], spanMs: number, end: number | undefined, buckets = 480): Asked {
  const every = pace(spanMs, buckets);
  const now = useNow(Math.max(1000, Math.min(every, 5000)));
  const names = tags.join(",");
  const query = useQuery({
    queryKey: ["trend", names, spanMs, end ?? "now", buckets],
    queryFn: async () => {
      const to_ms = Math.round(end ?? live.now());
      return client.GET("/api/v1/trend", { params: { query: { tags: names, from_ms: to_ms - spanMs, to_ms, buckets } } });
    },
    enabled: tags.length > 0,
    refetchInterval: end === undefined ? every : false,
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 60_000,
  });
  const to = end ?? now;
  return { trend: query.data, from: to - spanMs, to, error: query.error, isPending: query.isPending && tags.length > 0, refetch: () => void query.refetch() };
}

/** The span to start with: `usual`, or a shorter one while there is hardly any history. Pure. */
export function startSpan(trend: Trend | undefined, usual: SpanName): SpanName {
  const first = Math.min(...(trend?.series.map((one) => one.t[0] ?? Infinity) ?? []));
  if (!trend || !Number.isFinite(first)) return usual;
  const known = trend.to_ms - first;
  const fitting = spanNames.filter((name) => spans[name] <= spans[usual]);
  return fitting.find((name) => spans[name] >= known * 0.8) ?? usual;
}

/** The span in use: chosen by a person, else decided once when the first history came. A span that changes by itself would be a surprise. */
export function useSpan(history: Trend | undefined, usual: SpanName): [SpanName, (span: SpanName) => void] {
  const [chosen, setChosen] = useState<SpanName>();
  const [decided, setDecided] = useState<SpanName>();
  if (decided === undefined && history !== undefined) setDecided(startSpan(history, usual));
  return [chosen ?? decided ?? usual, setChosen];
}

/** A series as a strip draws it; the newest reading is joined on, so that the line ends at now. */
export function dataOf(series: TrendSeries | undefined, latest?: { at_ms?: number | null; value?: unknown }): TrendData | undefined {
  if (!series) return undefined;
  const data: TrendData = {
    times: [...series.t],
    mean: [...series.mean] as (number | null)[],
    min: [...series.min] as (number | null)[],
    max: [...series.max] as (number | null)[],
    gaps: [],
  };
  const gaps = series.gaps.map((gap) => ({ from: gap.from_ms, to: gap.to_ms, reason: say(gap.said, gap.reason), plain: gap.said?.code === "gap.no-data" }));
  // words have no number and miss nothing
  data.gaps = typeof latest?.value === "string" ? gaps : withVoids(data.times, data.mean, gaps, t("value.none"));
  const last = data.times.at(-1);
  const value = typeof latest?.value === "boolean" ? Number(latest.value) : latest?.value;
  if (latest?.at_ms != null && typeof value === "number" && (last === undefined || latest.at_ms > last)) {
    data.times.push(latest.at_ms);
    data.mean.push(value);
    data.min.push(value);
    data.max.push(value);
  }
  return data;
}

/** Changes as marks, each with who and why in one line. */
export function marksOf(trend: Trend | undefined, now: number): ChangeMark[] {
  return (trend?.marks ?? []).map((mark) => ({
    id: String(mark.number),
    time: mark.at_ms,
    title: say(mark.said, mark.words),
    detail: [mark.who, now - mark.at_ms > 20 * 3_600_000 ? moment(mark.at_ms, now) : "", mark.because ? t("trend.because", { why: mark.because }) : ""].filter(Boolean).join(" · "),
  }));
}
