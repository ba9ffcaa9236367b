// Live values and the edge's clock as React state.
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { client } from "./client";
import { queryClient, outdatedBy } from "./queries";
import { LiveFeed, type Connection } from "./live";
import type { Advisories, Deployment, Device, Reading } from "./types";

/** The feed of this page. It starts once somebody is signed in. */
export const live = new LiveFeed("/api/v1/live", {
  advisory: (advisory) => {
    for (const all of [true, false]) {
      queryClient.setQueryData<Advisories>(["advisories", { all }], (old) => {
        if (!old) return old;
        const rest = old.advisories.filter((one) => one.id !== advisory.id);
        const known = rest.length < old.advisories.length;
        const gone = !all && advisory.state === "done";
        const advisories = gone ? rest : known ? old.advisories.map((one) => (one.id === advisory.id ? advisory : one)) : [advisory, ...rest];
        return { ...old, advisories, unacknowledged: advisories.filter((one) => one.state === "unacknowledged").length };
      });
    }
  },
  runtime: (runtime) => {
    const before = queryClient.getQueryData<Deployment[]>(["deployments"])?.flatMap((one) => one.runtime).find((one) => one.deployment === runtime.deployment && one.place === runtime.place);
    // the mark of a machine on the Line picture comes with the places
    if (before && before.mark?.letter !== runtime.mark?.letter) void queryClient.invalidateQueries({ queryKey: ["places"] });
    queryClient.setQueryData<Deployment[]>(["deployments"], (old) =>
      old?.map((one) => (one.name === runtime.deployment ? { ...one, runtime: one.runtime.map((at) => (at.place === runtime.place ? runtime : at)) } : one)),
    );
  },
  device: (device) => {
    queryClient.setQueryData<Device[]>(["devices"], (old) => old?.map((one) => (one.name === device.name ? device : one)));
  },
  changed: (what) => {
    for (const key of new Set(what.flatMap((name) => outdatedBy[name] ?? []))) void queryClient.invalidateQueries({ queryKey: [key] });
  },
  lost: () => void queryClient.invalidateQueries({ queryKey: ["me"] }),
  resumed: () => void queryClient.invalidateQueries(),
});

/** The newest reading of a tag; none while nothing came. */
export function useReading(tag: string | undefined): Reading | undefined {
  const subscribe = useCallback((listener: () => void) => (tag ? live.onTag(tag, listener) : () => undefined), [tag]);
  return useSyncExternalStore(subscribe, () => (tag ? live.reading(tag) : undefined));
}

const none: readonly (number | null)[] = [];

/** The last minute of a tag, one point per reading. */
export function useLastMinute(tag: string | undefined): readonly (number | null)[] {
  const subscribe = useCallback((listener: () => void) => (tag ? live.onTag(tag, listener) : () => undefined), [tag]);
  return useSyncExternalStore(subscribe, () => (tag ? live.lastMinute(tag) : none));
}

/** How many tags one question for history may name. */
const ASKED = 16;

/** Fills the sparks of these tags with the minute before the page was opened. For looks only: it fails without a word. */
export function useMinuteBefore(tags: readonly string[]): void {
  const names = tags.join(",");
  useEffect(() => {
    const all = names.split(",").filter(Boolean);
    const wanted = all.filter((tag) => live.lastMinute(tag).length < 10);
    const to_ms = Math.round(live.now());
    for (let at = 0; at < Math.min(wanted.length, 12 * ASKED); at += ASKED) {
      const part = wanted.slice(at, at + ASKED).join(",");
      client
        .GET("/api/v1/trend", { params: { query: { tags: part, from_ms: to_ms - 60_000, to_ms, buckets: 60 } } })
        .then((trend) => trend.series.forEach((one) => live.seedMinute(one.tag, one.mean)))
        .catch(() => undefined);
    }
  }, [names]);
}

/** Whether the feed is live, and since when. */
export function useConnection(): Connection {
  return useSyncExternalStore(live.onConnection, live.connection);
}

/** The edge's clock, new every `every` ms on whole steps. */
export function useNow(every = 1000): number {
  const [now, setNow] = useState(live.now);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const tick = () => {
      const at = live.now();
      setNow(at);
      timer = setTimeout(tick, every - (at % every));
    };
    timer = setTimeout(tick, every - (live.now() % every));
    return () => clearTimeout(timer);
  }, [every]);
  return now;
}
