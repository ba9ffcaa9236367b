// Line: what runs here, is it fine, since when, what do I do. For a touch panel; does not scroll.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { asProblem } from "../../api/problem";
import { live, useConnection } from "../../api/hooks";
import { advisoriesQuery, deploymentsQuery, placesQuery, tagsQuery } from "../../api/queries";
import type { Place, Tag } from "../../api/types";
import { rememberedLine, rememberLine } from "../../app/preferences";
import { useTrail } from "../../app/crumbs";
import { t } from "../../text";
import { useTrend } from "../../trend/useTrend";
import { Empty, Failure, Skeleton } from "../../ui/States";
import { Link } from "@tanstack/react-router";
import { AdviceCard } from "./AdviceCard";
import { CalmCard } from "./CalmCard";
import { LinePicture } from "./LinePicture";
import { LineSentence } from "./LineSentence";
import { LineTrend } from "./LineTrend";
import { ModelBar } from "./ModelBar";
import { Variables } from "./Variables";
import { useLimit } from "./useLimit";
import { adviceAt, chooseLine, keyTags, linesOf, machinesOf, modelsAt, steady, trailOf, variablesAt } from "./select";
import "./line.css";

export function LinePage() {
  const { place: asked } = useSearch({ from: "/line" });
  const places = useQuery(placesQuery);
  const tags = useQuery(tagsQuery());
  useEffect(() => {
    if (tags.data) live.seed(tags.data.map((tag) => tag.latest));
  }, [tags.data]);
  if (places.isLoadingError) return <Failure problem={asProblem(places.error)} onRetry={() => void places.refetch()} />;
  if (!places.data) return <Skeleton rows={3} height={200} />;
  const line = chooseLine(places.data, asked, rememberedLine());
  if (!line) return <NoLine places={places.data} />;
  return <Line line={line} places={places.data} tags={tags.data ?? noTags} />;
}

const noTags: Tag[] = [];

function NoLine({ places }: { places: Place[] }) {
  useTrail({ text: t("nav.line") });
  return (
    <Empty
      title={t("line.none")}
      action={
        <Link className="btn primary" to="/connect">
          {t("line.toConnect")}
        </Link>
      }
    >
      {places.length > 1 ? t("line.noneText") : t("line.noPlaces")}
    </Empty>
  );
}

function Line({ line, places, tags }: { line: Place; places: Place[]; tags: Tag[] }) {
  const navigate = useNavigate();
  const lost = useConnection().state === "lost";
  const byName = useMemo(() => new Map(tags.map((tag) => [tag.name, tag])), [tags]);
  const byPlace = useMemo(() => new Map(places.map((place) => [place.path, place])), [places]);
  const machines = useMemo(() => machinesOf(places, line.path), [places, line.path]);
  const lines = useMemo(() => linesOf(places), [places]);
  const deployments = useQuery(deploymentsQuery);
  const advisories = useQuery(advisoriesQuery(false));
  const models = useMemo(() => modelsAt(deployments.data ?? [], line.path), [deployments.data, line.path]);
  const advice = useMemo(() => adviceAt(advisories.data?.advisories ?? [], line.path), [advisories.data, line.path]);
  const [position, setPosition] = useState(0);
  const [chosen, setChosen] = useState<string>();
  const at = Math.min(position, Math.max(0, advice.length - 1));
  const advisory = advice[at];
  const model = models.find((one) => one.name === (chosen ?? advisory?.deployment)) ?? models.find((one) => one.name === advisory?.deployment) ?? models[0];
  const runtime = model?.runtime.find((one) => one.place === (advisory?.place ?? model.place)) ?? model?.runtime[0];
  const shown = advisory && (chosen === undefined || chosen === advisory.deployment) ? advisory : undefined;
  const scoreTag = shown?.score_tag ?? runtime?.outputs[0]?.tag;
  const { limit, inputs, known } = useLimit(model?.name);
  const because = steady(shown?.because, runtime?.contributions ?? [], inputs, 3);
  // what to trend is known once the model is: otherwise the strips would jump while the page comes up
  const settled = deployments.isSuccess && advisories.isSuccess && known;
  const trendTags = !settled ? [] : [...new Set([...(scoreTag ? [scoreTag] : []), ...because.flatMap((one) => one.tag ?? []), ...(because.length === 0 ? (inputs.length > 0 ? inputs : keyTags(machines)).slice(0, 3) : [])])].slice(0, 4);
  const sparkTags = keyTags(machines).slice(0, 20);
  const sparks = useTrend(sparkTags, 3_600_000, undefined, 60);
  const trail = trailOf(places, line.path);

  useTrail(...(trail.length ? trail : [line]).map((place) => ({ text: place.name })));
  useEffect(() => rememberLine(line.path), [line.path]);

  return (
    <div className="line-page">
      <div className="head line-head">
        {lines.length > 1 ? (
          <select className="in line-pick" aria-label={t("line.which")} value={line.path} onChange={(event) => void navigate({ to: "/line", search: { place: event.target.value } })}>
            {lines.map((one) => (
              <option key={one.path} value={one.path}>
                {one.name}
              </option>
            ))}
          </select>
        ) : null}
        <h1 className={lines.length > 1 ? "vh" : ""}>{line.name}</h1>
        <LineSentence line={line.path} tags={keyTags(machines)} byName={byName} advice={advice} places={byPlace} lost={lost} />
        <span className="grow" />
        <Variables variables={variablesAt(tags, line.path)} />
      </div>
      <LinePicture machines={machines} tags={byName} sparks={new Map(sparks.trend?.series.map((one) => [one.tag, one]))} abnormal={new Set(shown ? because.filter((one) => one.deviation == null || Math.abs(one.deviation) > 1).flatMap((one) => one.tag ?? []) : [])} />
      <div className="mid">
        {deployments.isLoadingError || advisories.isLoadingError ? (
          <section className="panel">
            <Failure problem={asProblem(deployments.error ?? advisories.error)} onRetry={() => void Promise.all([deployments.refetch(), advisories.refetch()])} />
          </section>
        ) : !deployments.data || !advisories.data ? (
          <section className="panel">
            <Skeleton rows={3} height={64} />
          </section>
        ) : shown ? (
          <AdviceCard
            key={shown.id}
            advisory={shown}
            tags={byName}
            runtime={runtime}
            because={because}
            mode={model?.mode}
            position={{
              at,
              of: advice.length,
              go: (step) => {
                setChosen(undefined);
                setPosition((at + step + advice.length) % advice.length);
              },
            }}
          />
        ) : (
          <CalmCard deployments={models} places={byPlace} tags={byName} because={because} lost={lost} />
        )}
        <LineTrend title={shown ? t("line.standsOn") : t("line.trend")} tagNames={trendTags} tags={byName} advisory={shown} because={because} deployment={model} loading={!settled} history={sparks.trend} limit={limit} scoreTag={scoreTag ?? undefined} />
      </div>
      {model ? <ModelBar deployment={model} deployments={models} places={byPlace} onChoose={setChosen} /> : <section className="panel bar cap">{t("line.noModelBar")}</section>}
    </div>
  );
}
