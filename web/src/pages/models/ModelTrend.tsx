// The predictions of this model over time, with the limit from which it advises.
import { useQuery } from "@tanstack/react-query";
import { asProblem } from "../../api/problem";
import { live, useConnection, useNow, useReading } from "../../api/hooks";
import { advisoriesQuery } from "../../api/queries";
import type { BundleDetail, Deployment, DeploymentDetail, Runtime, Tag } from "../../api/types";
import { localised, t } from "../../text";
import { number, unit } from "../../text/format";
import type { Strip } from "../../trend/model";
import { TrendStack } from "../../trend/TrendStack";
import { dataOf, marksOf, spanNames, spans, useSpan, useTrend } from "../../trend/useTrend";
import { Seg } from "../../ui/Seg";
import { Empty, Failure, Skeleton } from "../../ui/States";
import { Value } from "../../ui/Value";
import { decimalsOfTag } from "../../ui/value";
import { limitOf } from "../line/useLimit";

interface ModelTrendProps {
  deployment: Deployment;
  runtime: Runtime | undefined;
  bundle: BundleDetail | undefined;
  detail: DeploymentDetail;
}

export function ModelTrend({ deployment, runtime, bundle, detail }: ModelTrendProps) {
  const now = useNow(5000);
  const advice = useQuery(advisoriesQuery(false));
  const tags = (runtime?.outputs ?? []).map((output) => output.tag).slice(0, 4);
  const history = useTrend(tags, spans["8h"], undefined, 60);
  const [span, setSpan] = useSpan(history.trend, "8h");
  const asked = useTrend(tags, spans[span], undefined, 360);
  const limit = bundle ? limitOf(bundle.contract, detail.tunables) : undefined;
  const raised = advice.data?.advisories.find((one) => one.deployment === deployment.name && one.place === runtime?.place && one.cleared_ms == null);
  const strips: Strip[] = tags.map((tag, index) => {
    const output = runtime!.outputs[index]!;
    const contract = bundle?.outputs.find((one) => one.name === output.name);
    const range = contract?.range ?? undefined;
    const series = asked.trend?.series.find((one) => one.tag === tag);
    const mine = limit && limit.output === output.name;
    return {
      tag,
      label: localised(contract?.title) || output.name,
      note: mine ? t("model.adviceFrom", { value: number(limit.value, Number.isInteger(limit.value) ? 0 : 2) }) : undefined,
      unit: unit(contract?.unit),
      data: dataOf(series, live.reading(tag)),
      decimals: decimalsOfTag({ range: range ?? null, normal: null, value_type: null } as unknown as Tag),
      band: mine && range ? (limit.above ? [range[0], limit.value] : [limit.value, range[1]]) : undefined,
      limit: mine ? { value: limit.value, text: t("trend.adviceFrom") } : undefined,
      range,
    };
  });
  return (
    <section className="panel">
      <div className="ph">
        <h2 className="cut">{t("model.predictions")}</h2>
        <span className="grow" />
        <Seg label={t("trend.span")} value={span} options={spanNames.map((name) => ({ value: name, text: t(`span.${name}`) }))} onChange={setSpan} />
      </div>
      {tags.length === 0 ? (
        <Empty title={t("model.noOutput")}>{t("model.noOutputText")}</Empty>
      ) : asked.error && !asked.trend ? (
        <Failure problem={asProblem(asked.error)} onRetry={asked.refetch} />
      ) : asked.isPending ? (
        <Skeleton rows={4} height={48} />
      ) : (
        <div className="pl">
          <TrendStack strips={strips} from={asked.from} to={asked.to} now={(tag) => <OutputValue tag={tag} unit={strips.find((one) => one.tag === tag)?.unit ?? ""} range={strips.find((one) => one.tag === tag)?.range} />} marks={marksOf(asked.trend, now)} since={raised?.raised_ms} />
        </div>
      )}
    </section>
  );
}

function OutputValue({ tag, unit: shown, range }: { tag: string; unit: string; range: readonly [number, number] | undefined }) {
  const reading = useReading(tag);
  const lost = useConnection().state === "lost";
  const now = useNow(1000);
  return <Value reading={reading} tag={{ unit: shown, range } as unknown as Tag} now={now} lost={lost} noteAt="none" />;
}
