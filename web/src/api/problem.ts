// What went wrong with a request, for people. The server says it in words; the words for "no answer at all" are ours.
import { isKey, t } from "../text";

export interface ApiProblem {
  kind: "offline" | "no-session" | "no-right" | "not-found" | "conflict" | "failed";
  code: string;
  place: string;
  what: string;
  why: string;
  hint: string;
  /** All problems, when there is more than one. */
  all: { code: string; place: string; what: string; why: string; hint: string }[];
  whoCould: string[];
}

export class ApiError extends Error {
  constructor(readonly problem: ApiProblem) {
    super(problem.what);
  }
}

interface Body {
  code?: string;
  place?: string;
  what?: string;
  why?: string;
  hint?: string;
  problems?: Partial<ApiProblem["all"][number]>[];
  who_could?: string[];
}

const kinds: Record<number, ApiProblem["kind"]> = { 401: "no-session", 403: "no-right", 404: "not-found", 409: "conflict" };

/** A problem from an answer that is no success. Known codes are said in the reader's language. */
export function problemOf(status: number, body: Body | undefined): ApiProblem {
  const code = body?.code ?? "server.failed";
  const known = `problem.${code}`;
  const whoCould = body?.who_could ?? [];
  const spoken = isKey(known) ? t(known, { who: whoCould.join(", "), place: body?.place }) : undefined;
  const who = whoCould.length > 0 ? t("problem.whoCould", { n: whoCould.length, who: whoCould.join(", ") }) : "";
  return {
    kind: kinds[status] ?? "failed",
    code,
    place: body?.place ?? "",
    what: spoken ?? body?.what ?? t("problem.server", { status }),
    why: [body?.why, who].filter(Boolean).join(" "),
    hint: body?.hint ?? "",
    all: (body?.problems ?? []).map(({ code = "", place = "", what = "", why = "", hint = "" }) => ({ code, place, what, why, hint })),
    whoCould,
  };
}

/** The problem of a request that got no answer. */
export function offline(): ApiProblem {
  return { kind: "offline", code: "network.no-answer", place: "", what: t("problem.offline"), why: "", hint: t("problem.offlineHint"), all: [], whoCould: [] };
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): ApiProblem {
  return error instanceof ApiError ? error.problem : offline();
}
