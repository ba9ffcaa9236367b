// Changes: who did what, where, when and why; one line each. The chain is green only after it was really verified.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useNow } from "../../api/hooks";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { placesQuery } from "../../api/queries";
import type { Change } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { t, word } from "../../text";
import { say } from "../../text/said";
import { clock, day, full, utc } from "../../text/format";
import { Button } from "../../ui/Button";
import { Choice } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Empty, Failure, Refused, Skeleton } from "../../ui/States";
import { differencesOf, shortValue } from "./words";
import "../../ui/table.css";
import "./changes.css";

export function ChangesPage() {
  useTrail({ text: t("nav.changes") });
  const { at, place } = useSearch({ from: "/changes" });
  const navigate = useNavigate();
  const places = useQuery(placesQuery);
  const list = useInfiniteQuery({
    queryKey: ["changes", { place: place ?? "", at: at ?? 0 }],
    // opened from a mark: start a little after it, so that it is on the first page
    queryFn: ({ pageParam }) => client.GET("/api/v1/changes", { params: { query: { place, before: pageParam ?? undefined, to_ms: at === undefined ? undefined : at + 3_600_000, limit: 100 } } }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const changes = list.data?.pages.flatMap((page) => page.changes) ?? [];
  return (
    <div className="page">
      <div className="head">
        <h1>{t("nav.changes")}</h1>
        <p className="sub">{t("changes.what")}</p>
        <span className="grow" />
        {at !== undefined && (
          <Button kind="quiet" onClick={() => void navigate({ to: "/changes", search: { place } })}>
            {t("changes.all")}
          </Button>
        )}
        <Choice label={t("changes.where")} value={place ?? ""} onChange={(event) => void navigate({ to: "/changes", search: { place: event.target.value || undefined } })}>
          <option value="">{t("who.wholeSite")}</option>
          {(places.data ?? [])
            .filter((one) => one.path !== "")
            .map((one) => (
              <option key={one.path} value={one.path}>
                {one.name}
              </option>
            ))}
        </Choice>
      </div>
      <Verify />
      <section className="panel">
        {list.isLoadingError ? (
          <Failure problem={asProblem(list.error)} onRetry={() => void list.refetch()} />
        ) : !list.data ? (
          <Skeleton rows={6} />
        ) : changes.length === 0 ? (
          <Empty title={t("changes.none")}>{t("changes.noneText")}</Empty>
        ) : (
          <>
            <ChangeTable changes={changes} at={at} names={new Map((places.data ?? []).map((one) => [one.path, one.name]))} />
            {list.hasNextPage && (
              <div className="more">
                <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                  {t("changes.more")}
                </Button>
              </div>
            )}
          </>
        )}
      </section>
    </div>
  );
}

function ChangeTable({ changes, at, names }: { changes: Change[]; at: number | undefined; names: Map<string, string> }) {
  const now = useNow(60_000);
  // the one that a mark pointed at: the nearest in time
  const pointed = at === undefined ? undefined : changes.reduce<Change | undefined>((best, one) => (!best || Math.abs(one.at_ms - at) < Math.abs(best.at_ms - at) ? one : best), undefined)?.number;
  return (
    <div className="wide-table">
      <table className="chgs">
        <thead>
          <tr>
            <th>{t("changes.when")}</th>
            <th>{t("changes.who")}</th>
            <th>{t("changes.whatChanged")}</th>
            <th>{t("changes.where")}</th>
            <th>{t("action.because")}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <Row key={change.number} change={change} place={names.get(change.place) ?? change.place} now={now} pointed={change.number === pointed} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ change, place, now, pointed }: { change: Change; place: string; now: number; pointed: boolean }) {
  const ref = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (pointed) ref.current?.scrollIntoView({ block: "center" });
  }, [pointed]);
  const from = shortValue(change.from);
  const to = shortValue(change.to);
  const differences = differencesOf(change.to);
  return (
    <tr ref={ref} className={pointed ? "pointed" : ""} aria-current={pointed ? "true" : undefined}>
      <td className="nw" title={`${full(change.at_ms)} · ${utc(change.at_ms)}`}>
        <b>{clock(change.at_ms)}</b>
        <span className="cap block">{day(change.at_ms) === day(now) ? t("changes.today", { utc: utc(change.at_ms) }) : `${day(change.at_ms)} · ${utc(change.at_ms)}`}</span>
      </td>
      <td>
        {change.authority === "box" ? t("changes.box") : change.who}
        <span className="cap block">{word("authority", change.authority)}</span>
      </td>
      <td>
        <b>{say(change.said, change.words)}</b>
        {differences.length > 1 && (
          <details>
            <summary>{t("changes.differences", { n: differences.length })}</summary>
            <ul className="diffs">
              {differences.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </details>
        )}
        {differences.length === 0 && from && !(change.words.includes(to) && change.words.includes(from)) && (
          <span className="cap block">
            {from || t("changes.nothing")} → {to || t("changes.nothing")}
          </span>
        )}
      </td>
      <td className="sub" title={change.place}>{change.place === "" ? t("who.wholeSite") : place}</td>
      <td>{change.because ?? <span className="sub">{t("changes.noReason")}</span>}</td>
    </tr>
  );
}

function Verify() {
  const verify = useMutation({ mutationFn: () => client.GET("/api/v1/changes/verify") });
  const [opened] = useState(() => Date.now());
  return (
    <section className="panel verify">
      {verify.data ? (
        <p className="row" role="status">
          {verify.data.ok ? <Icon name="ok" /> : <Mark name="f" />}
          <b>{verify.data.ok ? t("changes.chainOk", { n: verify.data.entries }) : t("changes.chainWrong", { n: verify.data.wrong ?? 0 })}</b>
          {!verify.data.ok && <span className="sub">{verify.data.words}</span>}
        </p>
      ) : (
        <p className="sub">{t("changes.chain")}</p>
      )}
      <span className="grow" />
      <Refused problem={verify.error && asProblem(verify.error)} />
      <Button busy={verify.isPending} onClick={() => verify.mutate()}>
        {t("changes.verify")}
      </Button>
      <a className="btn" href={`/api/v1/changes/export?at=${opened}`} download>
        {t("changes.export")}
      </a>
    </section>
  );
}
