// Trend of any tags: pick them, choose the span, go back, stay live. What is shown is in the address, so it can be sent on.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { asProblem } from "../../api/problem";
import { live, useConnection, useNow, useReading } from "../../api/hooks";
import { tagsQuery } from "../../api/queries";
import type { Tag } from "../../api/types";
import { rememberedLine } from "../../app/preferences";
import { useTrail } from "../../app/crumbs";
import { localised, t } from "../../text";
import { full, unit } from "../../text/format";
import type { Strip } from "../../trend/model";
import { TrendStack } from "../../trend/TrendStack";
import { dataOf, isSpan, marksOf, spanNames, spans, useTrend, type SpanName } from "../../trend/useTrend";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Seg } from "../../ui/Seg";
import { Empty, Failure, Skeleton } from "../../ui/States";
import { Value } from "../../ui/Value";
import { decimalsOfTag } from "../../ui/value";
import { TagPicker } from "./TagPicker";
import "./trend-page.css";

const MOST = 8;

export function TrendPage() {
  useTrail({ text: t("nav.trend") });
  const search = useSearch({ from: "/trend" });
  const navigate = useNavigate();
  const tags = useQuery(tagsQuery());
  const [picking, setPicking] = useState(false);
  const byName = useMemo(() => new Map((tags.data ?? []).map((tag) => [tag.name, tag])), [tags.data]);
  useEffect(() => {
    if (tags.data) live.seed(tags.data.map((tag) => tag.latest));
  }, [tags.data]);
  const chosen = search.tags?.split(",").slice(0, MOST) ?? [];
  const span: SpanName = isSpan(search.span) ? search.span : "1h";
  const go = (part: { tags?: string[]; span?: SpanName; to?: number | undefined }) =>
    void navigate({ to: "/trend", search: { tags: (part.tags ?? chosen).join(",") || undefined, span: part.span ?? span, to: "to" in part ? part.to : search.to }, replace: true });
  const asked = useTrend(chosen, spans[span], search.to, 600);
  const end = search.to ?? live.now();
  const shift = (way: 1 | -1) => {
    const to = end + (way * spans[span]) / 2;
    go({ to: to >= live.now() ? undefined : Math.round(to) });
  };
  const exported = `/api/v1/history/export?${new URLSearchParams({ tags: chosen.join(","), from_ms: String(Math.round(end - spans[span])), to_ms: String(Math.round(end)), format: "csv", layout: "long" })}`;

  return (
    <div className="trend-page">
      <div className="head">
        <h1>{t("nav.trend")}</h1>
        <p className="sub cut">{search.to === undefined ? t("trend.live") : t("trend.until", { time: full(search.to) })}</p>
        <span className="grow" />
        <Button onClick={() => setPicking(!picking)} aria-expanded={picking}>
          <Icon name="plus" />
          {t("trend.pick")}
        </Button>
        <div className="row">
          <Button aria-label={t("trend.earlier")} className="flip" onClick={() => shift(-1)}>
            <Icon name="right" />
          </Button>
          <Button aria-label={t("trend.later")} disabled={search.to === undefined} onClick={() => shift(1)}>
            <Icon name="right" />
          </Button>
          <Button aria-pressed={search.to === undefined} onClick={() => go({ to: search.to === undefined ? Math.round(live.now()) : undefined })}>
            {t("trend.now")}
          </Button>
        </div>
        <Seg label={t("trend.span")} value={span} options={spanNames.map((name) => ({ value: name, text: t(`span.${name}`) }))} onChange={(value) => go({ span: value })} />
        {chosen.length > 0 && (
          <a className="btn" href={exported} download>
            {t("trend.export")}
          </a>
        )}
      </div>
      <div className={`trend-cols ${picking || chosen.length === 0 ? "with-pick" : ""}`}>
        {(picking || chosen.length === 0) && (
          <TagPicker tags={tags.data} chosen={chosen} most={MOST} start={rememberedLine() ?? ""} onChange={(names) => go({ tags: names })} onClose={chosen.length > 0 ? () => setPicking(false) : undefined} />
        )}
        <section className="panel trend-main" aria-label={t("trend.title")}>
          {chosen.length === 0 ? (
            <Empty title={t("trend.nothing")}>{t("trend.nothingText", { n: MOST })}</Empty>
          ) : asked.error && !asked.trend ? (
            <Failure problem={asProblem(asked.error)} onRetry={asked.refetch} />
          ) : asked.isPending || !tags.data ? (
            <Skeleton rows={chosen.length} height={80} />
          ) : (
            <Stack chosen={chosen} byName={byName} asked={asked} isLive={search.to === undefined} onRemove={(name) => go({ tags: chosen.filter((one) => one !== name) })} />
          )}
        </section>
      </div>
    </div>
  );
}

interface StackProps {
  chosen: string[];
  byName: Map<string, Tag>;
  asked: ReturnType<typeof useTrend>;
  isLive: boolean;
  onRemove: (name: string) => void;
}

function Stack({ chosen, byName, asked, isLive, onRemove }: StackProps) {
  const now = useNow(2000);
  const strips: Strip[] = chosen.map((name) => {
    const tag = byName.get(name);
    const series = asked.trend?.series.find((one) => one.tag === name);
    return {
      tag: name,
      label: localised(series?.label ?? tag?.label) || name,
      unit: unit(tag?.unit ?? series?.unit),
      data: dataOf(series, isLive ? live.reading(name) : undefined),
      stepped: tag?.value_type === "bool",
      decimals: decimalsOfTag(tag),
      band: tag?.normal ?? series?.normal ?? undefined,
      range: tag?.range ?? series?.range ?? undefined,
    };
  });
  return (
    <TrendStack
      strips={strips}
      from={asked.from}
      to={asked.to}
      now={(name) => <Now name={name} tag={byName.get(name)} />}
      marks={marksOf(asked.trend, now)}
      tool={(name) => (
        <span className="strip-tool">
          <span className="cap cut">{byName.get(name)?.place ?? name.split("/").slice(0, -1).join("/")}</span>
          <button type="button" className="strip-x" aria-label={t("trend.remove", { tag: localised(byName.get(name)?.label) || name })} onClick={() => onRemove(name)}>
            <Icon name="no" size={14} />
          </button>
        </span>
      )}
    />
  );
}

function Now({ name, tag }: { name: string; tag: Tag | undefined }) {
  const reading = useReading(name);
  const lost = useConnection().state === "lost";
  const now = useNow(1000);
  return <Value reading={reading} tag={tag} now={now} lost={lost} />;
}

