// What a pasted text holds: read by the edge as soon as the typing pauses. Nothing is saved.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client } from "../../api/client";
import { ApiError } from "../../api/problem";
import type { Imported } from "../../api/types";

const TYPING_MS = 350;
/** More is pasted or opened, not typed: it is read at once, and shown by its name instead of its letters. */
export const TYPED_CHARS = 4_000;

export interface Source {
  text: string;
  /** The file it came from; none = pasted or typed. */
  file?: string | undefined;
}

/** A text that is read as a whole: a file, JSON, or more than a person types. */
export function isWhole(source: Source): boolean {
  return source.file !== undefined || source.text.length > TYPED_CHARS || /^\s*[[{]/.test(source.text);
}

export function useImported(source: Source): { data: Imported | undefined; reading: boolean; error: unknown } {
  const [asked, setAsked] = useState({ text: "", number: 0 });
  const { text } = source;
  useEffect(() => {
    const ask = () => setAsked((old) => (old.text === text ? old : { text, number: old.number + 1 }));
    const timer = setTimeout(ask, isWhole({ text }) ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const nothing = asked.text.trim() === "";
  const query = useQuery({
    // the text itself may be ten megabytes: its number stands for it
    queryKey: ["tags-import", asked.number],
    queryFn: ({ signal }) => client.POST("/api/v1/tags/import", { body: { text: asked.text, format: "auto" }, signal }),
    enabled: !nothing,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: (count, error) => !(error instanceof ApiError) && count < 1,
  });
  const empty = nothing || text.trim() === "";
  return { data: empty ? undefined : query.data, reading: !empty && (query.isFetching || asked.text !== text), error: empty ? undefined : query.error };
}
