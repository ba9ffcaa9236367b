// What was and what is since, as short as it can be said; and the single differences of a larger change.
import { t, word } from "../../text";
import { number, decimalsOf } from "../../text/format";

type Json = unknown;

function scalar(value: Json): string | undefined {
  if (typeof value === "string") return value.length <= 60 ? value : `${value.slice(0, 57)}…`;
  if (typeof value === "number") return number(value, decimalsOf(value));
  if (typeof value === "boolean") return t(value ? "value.true" : "value.false");
  return undefined;
}

/** A value as short as it can be said; objects by their telling parts, nothing when there are none. Pure. */
export function shortValue(value: Json): string {
  if (value === null || value === undefined) return "";
  const plain = scalar(value);
  if (plain !== undefined) return plain;
  if (typeof value !== "object" || Array.isArray(value)) return "";
  const { mode, version, revision, value: inner } = value as Record<string, Json>;
  const parts = [typeof mode === "string" ? word("mode", mode) : undefined, scalar(version), typeof revision === "number" ? t("changes.revision", { n: revision }) : undefined, scalar(inner)].filter(Boolean);
  return parts.join(", ");
}

/** The single differences of a larger change, as the server lists them. Pure. */
export function differencesOf(value: Json): string[] {
  const list = (value as { differences?: Json } | null)?.differences;
  return Array.isArray(list) ? list.filter((line): line is string => typeof line === "string") : [];
}
