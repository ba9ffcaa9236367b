// What this model has to say now, as one sentence: that it can't predict and why, or what it advises. Nothing while all is well.
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { advisoriesQuery } from "../../api/queries";
import type { Runtime } from "../../api/types";
import { localised, t, word } from "../../text";
import { moment, span } from "../../text/format";
import { say } from "../../text/said";
import { overloadSentence } from "./health";
import { Mark } from "../../ui/Mark";

export function ModelAdvice({ deployment, runtime, now }: { deployment: string; runtime: Runtime | undefined; now: number }) {
  const { data } = useQuery(advisoriesQuery(false));
  if (runtime?.health === "no-input" || runtime?.health === "failed") return <Trouble runtime={runtime} />;
  const open = (data?.advisories ?? []).filter((one) => one.deployment === deployment && one.cleared_ms == null);
  const first = open.find((one) => one.state === "unacknowledged") ?? open[0];
  const behind = overloadSentence(runtime);
  if (!first && behind)
    return (
      <section className="panel now-bar s" role="status">
        <Mark name="s" size={24} />
        <p>{behind}</p>
      </section>
    );
  if (!first) return null;
  return (
    <section className="panel now-bar" aria-label={t("advice.title")}>
      <Mark name="advisory" size={24} label={t("advice.advisory")} />
      <p>
        <b>{localised(first.title)}</b>
        <span className="sub block">
          {t("advice.since", { time: moment(first.raised_ms, now), age: span(now - first.raised_ms) })} · {word("advisoryState", first.state)}
        </span>
        {behind && <span className="sub block">{behind}</span>}
      </p>
      <span className="grow" />
      <Link className="btn" to="/advice">
        {t("models.openAdvice")}
      </Link>
    </section>
  );
}

function Trouble({ runtime }: { runtime: Runtime }) {
  const failed = runtime.health === "failed";
  return (
    <section className={`panel now-bar ${failed ? "f" : "s"}`} role="status">
      <Mark name={failed ? "f" : "s"} size={24} />
      <p>
        <b>{t(failed ? "health.failed" : "health.noInput")}</b>
        <span className="sub block">{say(runtime.said, runtime.words)}</span>
      </p>
    </section>
  );
}
