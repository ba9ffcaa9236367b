// Advice & alarms: what is not acknowledged first; each with its shape, age, place and why.
import { Link } from "@tanstack/react-router";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useNow } from "../../api/hooks";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { advisoriesQuery, placesQuery, queryClient, tagsQuery } from "../../api/queries";
import type { Advisory, Tag } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { localised, localisedSteps, t, word } from "../../text";
import { whyNot } from "../../text/said";
import { moment, span } from "../../text/format";
import { Button } from "../../ui/Button";
import { Hollow, Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Seg } from "../../ui/Seg";
import { Empty, Failure, Refused, Skeleton } from "../../ui/States";
import { Why } from "../line/AdviceCard";
import "../line/advice.css";
import "./list.css";

const order = ["unacknowledged", "returned", "acknowledged", "done"];

/** Not seen first, then gone before anybody saw it, then seen, then over; each with the newest on top. Pure. */
export function sorted(advisories: readonly Advisory[]): Advisory[] {
  return [...advisories].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.raised_ms - a.raised_ms);
}

export function AdvicePage() {
  useTrail({ text: t("nav.advice") });
  const [all, setAll] = useState(false);
  const list = useQuery(advisoriesQuery(all));
  const places = useQuery(placesQuery);
  const tags = useQuery(tagsQuery());
  const byName = useMemo(() => new Map((tags.data ?? []).map((tag) => [tag.name, tag])), [tags.data]);
  const [open, setOpen] = useState<string>();
  const nameOf = (path: string) => places.data?.find((one) => one.path === path)?.name ?? path;
  const shown = sorted(list.data?.advisories ?? []);
  const first = open ?? shown.find((one) => one.state === "unacknowledged")?.id;
  return (
    <div className="page">
      <div className="head">
        <h1>{t("nav.advice")}</h1>
        <p className="sub">{list.data ? `${t("advice.waiting", { n: list.data.unacknowledged })} ${t("advice.rate", { n: list.data.raised_last_10_min })}` : ""}</p>
        <span className="grow" />
        <Seg
          label={t("advice.which")}
          value={all ? "all" : "open"}
          options={[
            { value: "open", text: t("advice.open") },
            { value: "all", text: t("advice.all") },
          ]}
          onChange={(value) => setAll(value === "all")}
        />
      </div>
      <section className="panel">
        {list.isLoadingError ? (
          <Failure problem={asProblem(list.error)} onRetry={() => void list.refetch()} />
        ) : !list.data ? (
          <Skeleton rows={4} height={64} />
        ) : shown.length === 0 ? (
          <Empty title={t("advice.none")}>{all ? t("advice.noneEver") : t("advice.noneNow")}</Empty>
        ) : (
          <ul className="adv-list">
            {shown.map((advisory) => (
              <Item key={advisory.id} advisory={advisory} place={nameOf(advisory.place)} open={first === advisory.id} tags={byName} onOpen={() => setOpen(first === advisory.id ? "none" : advisory.id)} />
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

function Item({ advisory, place, open, tags, onOpen }: { advisory: Advisory; place: string; open: boolean; tags: Map<string, Tag>; onOpen: () => void }) {
  const now = useNow(1000);
  const waiting = advisory.state === "unacknowledged" || advisory.state === "returned";
  const gone = advisory.cleared_ms != null;
  const acknowledge = useMutation({
    mutationFn: () => client.POST("/api/v1/advisories/{id}/acknowledge", { params: { path: { id: advisory.id } }, body: {} }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["advisories"] }),
  });
  const trended = [...(advisory.score_tag ? [advisory.score_tag] : []), ...advisory.because.flatMap((one) => one.tag ?? [])].slice(0, 4).join(",");
  const steps = localisedSteps(advisory.response);
  return (
    <li className={`${advisory.state} ${open ? "open" : ""}`}>
      <div className="adv-row">
        <button type="button" className="adv-open" aria-expanded={open} onClick={onOpen}>
          {gone ? <Hollow size={24} /> : <Mark name="advisory" size={24} label={t("advice.advisory")} />}
          <span className="adv-what">
            <b>{localised(advisory.title)}</b>
            <span className="sub">
              {place} · {localised(advisory.model)} {advisory.version}
            </span>
          </span>
          <span className="adv-when">
            <b>{moment(advisory.raised_ms, now)}</b>
            <span className="sub">{gone ? t("advice.goneAfter", { age: span(advisory.cleared_ms! - advisory.raised_ms) }) : t("advice.for", { age: span(now - advisory.raised_ms) })}</span>
          </span>
          <span className="adv-state sub">{advisory.acknowledged_ms != null ? t("advice.seenBy", { who: advisory.acknowledged_by ?? "", time: moment(advisory.acknowledged_ms, now) }) : word("advisoryState", advisory.state)}</span>
        </button>
        {waiting ? (
          <Button kind={open && advisory.state === "unacknowledged" ? "primary" : "plain"} disabled={!advisory.permission.allowed} busy={acknowledge.isPending} onClick={() => acknowledge.mutate()}>
            {t("advice.acknowledge")}
          </Button>
        ) : (
          <span className="adv-done">
            <Icon name="ok" />
          </span>
        )}
      </div>
      <Refused problem={acknowledge.error && asProblem(acknowledge.error)} />
      {open && (
        <div className="adv-more">
          <div>
            <h3>{t("advice.why")}</h3>
            <p>{localised(advisory.reason)}</p>
            <Why because={advisory.because} tags={tags} />
          </div>
          <div>
            <h3>{t("advice.whatToDo")}</h3>
            {steps.length === 0 ? (
              <p className="sub">{t("advice.noSteps")}</p>
            ) : (
              <ol className="todo">
                {steps.map((step, index) => (
                  <li key={step}>
                    <span aria-hidden="true">{index + 1}</span>
                    <span>{step}</span>
                  </li>
                ))}
              </ol>
            )}
            {trended && (
              <Link className="btn" to="/trend" search={{ tags: trended, span: "8h" }}>
                <Icon name="trend" />
                {t("advice.trend")}
              </Link>
            )}
            {!advisory.permission.allowed && waiting && <p className="cap">{whyNot(advisory.permission)}</p>}
          </div>
        </div>
      )}
    </li>
  );
}
