// Beside the advice: the score and the signals that drive it, with their normal band, gaps and change marks.
import { useMemo } from "react";
import { asProblem } from "../../api/problem";
import { live, useConnection, useNow, useReading } from "../../api/hooks";
import type { Advisory, Contribution, Deployment, Tag, Trend } from "../../api/types";
import { localised, t } from "../../text";
import { unit } from "../../text/format";
import { TrendStack } from "../../trend/TrendStack";
import type { Strip } from "../../trend/model";
import { dataOf, marksOf, spanNames, spans, useSpan, useTrend } from "../../trend/useTrend";
import { Seg } from "../../ui/Seg";
import { Failure, Skeleton } from "../../ui/States";
import { Value } from "../../ui/Value";
import { decimalsOfTag } from "../../ui/value";
import { useNavigate } from "@tanstack/react-router";
import "./line-trend.css";

interface LineTrendProps {
  title: string;
  tagNames: string[];
  tags: Map<string, Tag>;
  advisory: Advisory | undefined;
  because: Contribution[];
  deployment: Deployment | undefined;
  /** The limit of the decision, when known: below it is normal. */
  limit: { value: number; above: boolean } | undefined;
  scoreTag: string | undefined;
  /** It is not known yet what to show. */
  loading: boolean;
  /** The last hour, which decides the span to start with. */
  history: Trend | undefined;
}

export function LineTrend({ title, tagNames, tags, advisory, because, limit, scoreTag, history, loading }: LineTrendProps) {
  const [span, setSpan] = useSpan(history, "1h");
  const now = useNow(5000);
  const navigate = useNavigate();
  const asked = useTrend(tagNames, spans[span], undefined, 360);
  const bands = useMemo(() => new Map(because.flatMap((one) => (one.tag && one.normal ? [[one.tag, one.normal] as const] : []))), [because]);
  const strips: Strip[] = tagNames.map((name) => {
    const tag = tags.get(name);
    const series = asked.trend?.series.find((one) => one.tag === name);
    const range = tag?.range ?? series?.range ?? undefined;
    const isScore = name === scoreTag;
    const limitBand = isScore && limit && range ? ((limit.above ? [range[0], limit.value] : [limit.value, range[1]]) as [number, number]) : undefined;
    return {
      tag: name,
      label: localised(series?.label ?? tag?.label) || (name.split("/").pop() ?? name),
      unit: unit(tag?.unit ?? series?.unit),
      data: dataOf(series, live.reading(name)),
      stepped: tag?.value_type === "bool" || tag?.value_type === "text",
      decimals: decimalsOfTag(tag),
      band: limitBand ?? bands.get(name) ?? tag?.normal ?? series?.normal ?? undefined,
      limit: isScore && limit && !limitBand ? { value: limit.value, text: t("trend.adviceFrom") } : undefined,
      range,
    };
  });

  return (
    <section className="panel line-trend" aria-label={t("trend.title")}>
      <div className="ph">
        <h2 className="cut">{title}</h2>
        <span className="cap hint">{t("trend.grey")}</span>
        <span className="grow" />
        <Seg label={t("trend.span")} value={span} options={spanNames.map((name) => ({ value: name, text: t(`span.${name}`) }))} onChange={setSpan} />
      </div>
      {asked.error && !asked.trend ? (
        <Failure problem={asProblem(asked.error)} onRetry={asked.refetch} />
      ) : loading || asked.isPending ? (
        <Skeleton rows={4} height={56} />
      ) : (
        <TrendStack
          strips={strips}
          from={asked.from}
          to={asked.to}
          now={(name) => <Now name={name} tag={tags.get(name)} of={name === scoreTag && !/\d/.test(localised(tags.get(name)?.label)) ? tags.get(name)?.range?.[1] : undefined} />}
          marks={marksOf(asked.trend, now)}
          since={advisory?.raised_ms}
          blue={[...(scoreTag ? [scoreTag] : []), ...because.filter((one) => one.deviation == null || Math.abs(one.deviation) > 1).flatMap((one) => one.tag ?? [])]}
          onStrip={() => void navigate({ to: "/trend", search: { tags: tagNames.join(","), span } })}
        />
      )}
    </section>
  );
}

function Now({ name, tag, of }: { name: string; tag: Tag | undefined; of: number | undefined }) {
  const reading = useReading(name);
  const lost = useConnection().state === "lost";
  const now = useNow(1000);
  return (
    <>
      <Value reading={reading} tag={tag} now={now} lost={lost} noteAt="none" />
      {of !== undefined && typeof reading?.value === "number" && <span className="u"> {t("trend.of", { most: of })}</span>}
    </>
  );
}
