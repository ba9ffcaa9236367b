// The one thing that catches the eye: what, since when, why, what to do, acknowledge.
import { useMutation } from "@tanstack/react-query";
import { useNow } from "../../api/hooks";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Advisory, Contribution, Runtime, Tag } from "../../api/types";
import { localised, localisedSteps, t, word } from "../../text";
import { whyNot } from "../../text/said";
import { band, decimalsFor, decimalsOf, minute, moment, number, span, unit } from "../../text/format";
import { Button } from "../../ui/Button";
import { Gauge } from "../../ui/Gauge";
import { Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Refused } from "../../ui/States";
import { decimalsOfTag } from "../../ui/value";
import "./advice.css";

/** Younger inputs need no word. */
const OLD_INPUTS_MS = 5_000;

interface AdviceCardProps {
  advisory: Advisory;
  tags: Map<string, Tag>;
  /** What drives it, in a steady order. */
  because: Contribution[];
  runtime: Runtime | undefined;
  mode: string | undefined;
  position: { at: number; of: number; go: (step: 1 | -1) => void };
}

export function AdviceCard({ advisory, tags, because, runtime, mode, position }: AdviceCardProps) {
  const now = useNow(1000);
  const steps = localisedSteps(advisory.response);
  const acknowledge = useMutation({
    mutationFn: () => client.POST("/api/v1/advisories/{id}/acknowledge", { params: { path: { id: advisory.id } }, body: {} }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["advisories"] }),
  });
  const refused = acknowledge.error ? asProblem(acknowledge.error) : null;
  const seen = advisory.state === "acknowledged";

  return (
    <section className={`panel adv ${seen ? "seen" : ""}`} aria-label={t("advice.title")}>
      <div className="adv-t">
        <Mark name="advisory" size={28} label={t("advice.advisory")} />
        <h2>{localised(advisory.title)}</h2>
        <p className="sub adv-sub">
          {t("advice.since", { time: moment(advisory.raised_ms, now), age: span(now - advisory.raised_ms) })} · {t("advice.model", { model: localised(advisory.model), version: advisory.version, mode: word("mode.doing", mode ?? "advise") })}
          {runtime?.inputs_age_ms != null && runtime.inputs_age_ms >= OLD_INPUTS_MS && <span className="wide-only">, {t("advice.inputs", { age: span(runtime.inputs_age_ms) })}</span>}
        </p>
      </div>
      <div className="adv-body scroll cue" tabIndex={0} role="group" aria-label={t("advice.details")}>
        <h3>{t("advice.why")}</h3>
        {because.length > 0 ? <Why because={because} tags={tags} /> : <p>{localised(advisory.reason)}</p>}
        {steps.length > 0 && (
          <>
            <h3>{t("advice.whatToDo")}</h3>
            <ol className="todo">
              {steps.map((step, index) => (
                <li key={step}>
                  <span aria-hidden="true">{index + 1}</span>
                  <span>{step}</span>
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
      <Refused problem={refused} />
      <div className="adv-act">
        {seen ? (
          <p className="sub adv-seen">
            <Icon name="ok" />
            <span>{t("advice.seenBy", { who: advisory.acknowledged_by ?? "", time: advisory.acknowledged_ms == null ? "" : minute(advisory.acknowledged_ms) })}</span>
          </p>
        ) : (
          <>
            <Button kind="primary" className="adv-ack" disabled={!advisory.permission.allowed} busy={acknowledge.isPending} onClick={() => acknowledge.mutate()}>
              {t("advice.acknowledge")}
            </Button>
            {!advisory.permission.allowed && <span className="cap">{whyNot(advisory.permission)}</span>}
          </>
        )}
        <span className="grow" />
        {position.of > 1 && (
          <>
            <Button className="back" aria-label={t("advice.previous")} onClick={() => position.go(-1)}>
              <Icon name="right" />
            </Button>
            <span className="cap">{t("advice.ofMany", { at: position.at + 1, of: position.of })}</span>
            <Button aria-label={t("advice.next")} onClick={() => position.go(1)}>
              <Icon name="right" />
            </Button>
          </>
        )}
      </div>
    </section>
  );
}

/** Signals with their normal band and where they stand now. */
export function Why({ because, tags }: { because: Contribution[]; tags?: Map<string, Tag> | undefined }) {
  return (
    <div className="why">
      {because.map((one) => {
        const outside = one.deviation != null && Math.abs(one.deviation) > 1;
        const tag = tags?.get(one.tag ?? "");
        const decimals = tag ? decimalsOfTag(tag) : one.normal ? decimalsFor(Math.max(one.normal[1] - one.normal[0], Math.abs(one.normal[1])) * 2) : one.value == null ? 1 : decimalsOf(one.value);
        return (
          <div key={one.signal}>
            <span className="cut">{localised(one.title) || one.signal}</span>
            <Gauge value={one.value} low={one.normal?.[0]} high={one.normal?.[1]} abnormal={outside} />
            <span className="why-v">
              <b>{one.value == null ? "\u2013" : number(one.value, decimals)}</b> <span className="u">{unit(one.unit)}</span>
            </span>
            <span className="sub cut">{one.normal ? t("advice.normal", { band: band(one.normal[0], one.normal[1], decimals) }) : ""}</span>
          </div>
        );
      })}
    </div>
  );
}
