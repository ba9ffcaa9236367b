// What went wrong with a request, for people. The server says it in words; the words for "no answer at all" are ours.
import { t } from "../text";
import { say } from "../text/said";

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

interface Item {
  code?: string;
  place?: string;
  what?: string;
  why?: string;
  hint?: string;
  args?: Record<string, unknown>;
}

interface Body {
  code?: string;
  place?: string;
  what?: string;
  why?: string;
  hint?: string;
  args?: Record<string, unknown>;
  problems?: Item[];
  who_could?: string[];
}

const kinds: Record<number, ApiProblem["kind"]> = { 401: "no-session", 403: "no-right", 404: "not-found", 409: "conflict" };

/** A problem of the server in the reader's language; in English where this language does not know its code. */
export function spoken({ code = "", place = "", what = "", why = "", hint = "", args }: Item): ApiProblem["all"][number] {
  const said = { code, args };
  return { code, place, what: say(said, what), why: say(said, why, "why"), hint: say(said, hint, "hint") };
}

/** A problem from an answer that is no success. Known codes are said in the reader's language. */
export function problemOf(status: number, body: Body | undefined): ApiProblem {
  const code = body?.code ?? "server.failed";
  const whoCould = body?.who_could ?? [];
  const first = spoken({ ...body, code });
  const who = whoCould.length > 0 ? t("problem.whoCould", { n: whoCould.length, who: whoCould.join(", ") }) : "";
  return {
    kind: kinds[status] ?? "failed",
    code,
    place: body?.place ?? "",
    what: first.what || t("problem.server", { status }),
    why: [first.why, who].filter(Boolean).join(" "),
    hint: first.hint,
    all: (body?.problems ?? []).map(spoken),
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
