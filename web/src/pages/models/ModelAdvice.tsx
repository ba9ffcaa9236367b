// What this model advises now: one sentence that leads to the advice. Nothing while it advises nothing.
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { advisoriesQuery } from "../../api/queries";
import { localised, t, word } from "../../text";
import { moment, span } from "../../text/format";
import { Mark } from "../../ui/Mark";

export function ModelAdvice({ deployment, now }: { deployment: string; now: number }) {
  const { data } = useQuery(advisoriesQuery(false));
  const open = (data?.advisories ?? []).filter((one) => one.deployment === deployment && one.cleared_ms == null);
  const first = open.find((one) => one.state === "unacknowledged") ?? open[0];
  if (!first) return null;
  return (
    <section className="panel now-bar" aria-label={t("advice.title")}>
      <Mark name="advisory" size={24} label={t("advice.advisory")} />
      <p>
        <b>{localised(first.title)}</b>
        <span className="sub block">
          {t("advice.since", { time: moment(first.raised_ms, now), age: span(now - first.raised_ms) })} · {word("advisoryState", first.state)}
        </span>
      </p>
      <span className="grow" />
      <Link className="btn" to="/advice">
        {t("models.openAdvice")}
      </Link>
    </section>
  );
}
