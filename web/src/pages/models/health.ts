// How a deployment is, in one sentence of the reader's language. The server's own sentence is used where it knows more.
import type { Deployment, Runtime } from "../../api/types";
import { localised, t } from "../../text";
import { say } from "../../text/said";
import { number, span } from "../../text/format";

/** A younger answer needs no age: a number that changes every second draws the eye for nothing. */
const QUIET_MS = 10_000;

/** One sentence on one place of a deployment. */
export function healthSentence(runtime: Runtime | undefined, now: number): string {
  if (!runtime) return t("health.unknown");
  const condition = localised(runtime.condition);
  switch (runtime.health) {
    case "off":
      return t("health.off");
    case "starting":
      return t("health.starting");
    case "running":
      return runtime.last_ms == null || now - runtime.last_ms < QUIET_MS ? t("health.running") : t("health.runningAge", { age: span(Math.max(0, now - runtime.last_ms)) });
    case "not-applicable":
      return condition ? t("health.notApplicable", { condition }) : t("health.noExperience");
    case "no-input":
      return `${t("health.noInput")} ${say(runtime.said, runtime.words)}`;
    case "failed":
      return `${t("health.failed")} ${say(runtime.said, runtime.words)}`;
  }
}

/** What it can't keep up with, and what would help; none while it keeps up. */
export function overloadSentence(runtime: Runtime | undefined): string | undefined {
  if (!runtime?.load.overloaded) return undefined;
  const { busy_percent, skipped_windows, lost_scans } = runtime.load;
  const counted = t("health.overloaded", { skipped: number(skipped_windows), lost: number(lost_scans) });
  return busy_percent == null ? counted : `${counted} ${t("health.overloadBusy", { percent: number(busy_percent) })}`;
}

const order = ["failed", "no-input", "starting", "not-applicable", "off", "running"];

/** The place of a deployment that needs a look first. */
export function worstRuntime(deployment: Deployment): Runtime | undefined {
  return [...deployment.runtime].sort((a, b) => order.indexOf(a.health) - order.indexOf(b.health))[0];
}

export type Calm = "fine" | "behind" | "none" | "notApplicable" | "notNow" | "unknown";

/** What "no advice" means: nothing unusual seen, some moments were not looked at, nobody looks, it does not apply, or it can't be known. Silence is no all-clear. */
export function calmVerdict(deployments: readonly Deployment[], lost: boolean): Calm {
  if (lost) return "unknown";
  const advising = deployments.filter((one) => one.mode !== "off" && one.mode !== "watch");
  if (advising.length === 0) return "none";
  const places = advising.flatMap((one) => one.runtime);
  if (places.some((one) => one.health === "failed" || one.health === "no-input" || one.health === "starting")) return "notNow";
  if (!places.some((one) => one.health === "running")) return "notApplicable";
  return places.some((one) => one.load.overloaded) ? "behind" : "fine";
}
