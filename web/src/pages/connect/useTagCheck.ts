// What the edge finds wrong or odd about the chosen tags, with what they read now. Asked again while values come in.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { client } from "../../api/client";
import type { TagFinding } from "../../api/types";
import type { Draft } from "./draft";

const PAUSE_MS = 300;
const AGAIN_MS = 6_000;

const none: ReadonlyMap<string, TagFinding[]> = new Map();

/** Findings by the key of the row. */
export function useTagCheck(device: string, url: string, drafts: readonly Draft[]): ReadonlyMap<string, TagFinding[]> {
  const now = useRef({ device, url, drafts });
  now.current = { device, url, drafts };
  // the first values of a tag say much, later ones little: they are looked at again every few seconds
  const what = useMemo(() => JSON.stringify([device, url, drafts.map((draft) => [draft.tag, draft.value !== undefined])]), [device, url, drafts]);
  const [asked, setAsked] = useState({ what: "", number: 0 });
  useEffect(() => {
    const timer = setTimeout(() => setAsked((old) => (old.what === what ? old : { what, number: old.number + 1 })), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [what]);
  const query = useQuery({
    queryKey: ["tags-check", asked.number],
    queryFn: async ({ signal }) => {
      const { device, url, drafts } = now.current;
      const values = drafts.map((draft) => draft.value ?? null);
      const findings = await client.POST("/api/v1/tags/check", { body: { device, url, tags: drafts.map((draft) => draft.tag), values }, signal });
      const byRow = new Map<string, TagFinding[]>();
      for (const finding of findings) {
        const key = drafts[finding.tag]?.key;
        if (key !== undefined) byRow.set(key, [...(byRow.get(key) ?? []), finding]);
      }
      return byRow;
    },
    enabled: asked.number > 0 && drafts.length > 0,
    refetchInterval: drafts.length > 2_000 ? AGAIN_MS * 4 : AGAIN_MS,
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  return drafts.length > 0 ? (query.data ?? none) : none;
}
