// The state of a mapping while it is edited: suggestions, what was chosen, what the check found.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { client } from "../../api/client";
import type { SignalNow } from "../../api/types";

export type Map1 = Record<string, string>;

/** The mapping in force while nothing was chosen: what was there, else what was clearly best. Pure. */
export function startMap(before: Map1 | undefined, suggested: readonly { signal: string; tag?: string | null }[]): Map1 {
  if (before) return before;
  return Object.fromEntries(suggested.flatMap((one) => (one.tag ? [[one.signal, one.tag]] : [])));
}

export function useMapping(bundle: string | undefined, place: string | undefined, before: Map1 | undefined) {
  const suggest = useQuery({
    queryKey: ["suggest", bundle, place],
    queryFn: () => client.POST("/api/v1/deployments/suggest", { body: { bundle: bundle!, place: place! } }),
    enabled: bundle !== undefined && place !== undefined,
    staleTime: 10_000,
  });
  const [chosen, setChosen] = useState<Map1>({});
  const start = useMemo(() => startMap(before, suggest.data ?? []), [before, suggest.data]);
  const map = useMemo(() => Object.fromEntries(Object.entries({ ...start, ...chosen }).filter(([, tag]) => tag !== "")), [start, chosen]);
  const check = useQuery({
    queryKey: ["check", bundle, place, map],
    queryFn: () => client.POST("/api/v1/deployments/check", { body: { bundle: bundle!, at: [{ place: place!, map }], tune: {} } }),
    enabled: bundle !== undefined && place !== undefined && (before !== undefined || suggest.data !== undefined),
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const signals: SignalNow[] = check.data?.at[0]?.signals ?? [];
  return {
    map,
    signals,
    choices: suggest.data ?? [],
    ok: check.data?.ok ?? false,
    problems: check.data?.problems ?? [],
    error: check.error ?? suggest.error,
    isPending: (suggest.isPending && suggest.fetchStatus !== "idle") || (check.isPending && check.fetchStatus !== "idle"),
    changed: Object.entries(chosen).some(([signal, tag]) => (start[signal] ?? "") !== tag),
    choose: (signal: string, tag: string) => setChosen((old) => ({ ...old, [signal]: tag })),
    reset: () => setChosen({}),
  };
}

export type Mapping = ReturnType<typeof useMapping>;
