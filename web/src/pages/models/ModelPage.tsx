// One model at one place: the ladder with what is met, its signals, its predictions, its settings, what it needs.
import { Link, useParams } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNow } from "../../api/hooks";
import { asProblem } from "../../api/problem";
import { bundleQuery, deploymentQuery, deploymentsQuery, placesQuery } from "../../api/queries";
import type { Deployment, DeploymentDetail } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { localised, t, word } from "../../text";
import { whyNot } from "../../text/said";
import { Button } from "../../ui/Button";
import { HoldButton } from "../../ui/HoldButton";
import { Icon } from "../../ui/Icon";
import { Mark, type MarkName } from "../../ui/Mark";
import { Seg } from "../../ui/Seg";
import { Failure, Refused, Skeleton } from "../../ui/States";
import { permissionOf, useSwitchOff } from "../line/ModelBar";
import { ModelAdvice } from "./ModelAdvice";
import { ModelTrend } from "./ModelTrend";
import { ModeSheet } from "./ModeSheet";
import { Rungs } from "./Rungs";
import { SideFacts } from "./SideFacts";
import { Signals } from "./Signals";
import { Tunables } from "./Tunables";
import { healthSentence } from "./health";
import "./models.css";

export function ModelPage() {
  const { name } = useParams({ from: "/models/at/$name" });
  const detail = useQuery(deploymentQuery(name));
  const list = useQuery(deploymentsQuery);
  const places = useQuery(placesQuery);
  const where = detail.data?.deployment.place;
  useTrail({ text: t("nav.models"), to: "/models" }, { text: detail.data ? t("models.at", { model: localised(detail.data.deployment.title), place: places.data?.find((one) => one.path === where)?.name ?? where ?? "" }) : name });
  if (detail.isLoadingError) return <Failure problem={asProblem(detail.error)} onRetry={() => void detail.refetch()} />;
  if (!detail.data) return <Skeleton rows={4} height={120} />;
  const fresh = list.data?.find((one) => one.name === name) ?? detail.data.deployment;
  return <Model detail={detail.data} deployment={fresh} />;
}

function Model({ detail, deployment }: { detail: DeploymentDetail; deployment: Deployment }) {
  const now = useNow(1000);
  const places = useQuery(placesQuery);
  const bundle = useQuery(bundleQuery(deployment.bundle));
  const [at, setAt] = useState(0);
  const [mode, setMode] = useState<"watch" | "advise">();
  const off = useSwitchOff(deployment.name);
  const place = detail.at[at] ?? detail.at[0];
  const runtime = deployment.runtime.find((one) => one.place === place?.place) ?? deployment.runtime[0];
  const nameOf = (path: string) => places.data?.find((one) => one.path === path)?.name ?? path;
  const mayOff = permissionOf(deployment, "switch-off");
  return (
    <div className="model-page">
      <div className="head">
        <h1>{t("models.at", { model: localised(deployment.title), place: nameOf(deployment.place) })}</h1>
        <p className="row">
          {runtime?.mark && (
            <span className={`mk ${runtime.mark.letter.toLowerCase()}`}>
              <Mark name={runtime.mark.letter.toLowerCase() as MarkName} />
              <b>{runtime.mark.letter}</b> {word("ne107", runtime.mark.letter)}
            </span>
          )}
          <span className="sub">{runtime?.health === "no-input" || runtime?.health === "failed" ? "" : healthSentence(runtime, now)}</span>
        </p>
        <span className="grow" />
        <Refused problem={off.error && asProblem(off.error)} />
        {deployment.mode === "off" ? (
          <Button onClick={() => setMode("advise")}>
            <Icon name="on" />
            {t("line.switchOn")}
          </Button>
        ) : (
          <span className="row off-group">
            <span className="cap" id="model-off">{mayOff?.allowed === false ? whyNot(mayOff) : t("line.ifOff")}</span>
            <HoldButton onHeld={() => off.mutate()} busy={off.isPending} disabled={mayOff?.allowed === false} describedBy="model-off">
              <Icon name="off" />
              {t("line.modelOff")} <small>{t("line.hold")}</small>
            </HoldButton>
          </span>
        )}
      </div>
      <ModelAdvice deployment={deployment.name} runtime={runtime} now={now} />
      <Rungs detail={detail} deployment={deployment} onSet={setMode} />
      <div className="cols">
        <section className="panel">
          <div className="ph">
            <h2>{t("model.signals")}</h2>
            <span className="cap">{t("model.greyBar")}</span>
            <span className="grow" />
            {detail.at.length > 1 && <Seg label={t("model.place")} value={String(at)} options={detail.at.slice(0, 4).map((one, index) => ({ value: String(index), text: nameOf(one.place) }))} onChange={(value) => setAt(Number(value))} />}
            <Link to="/models/at/$name/map" params={{ name: deployment.name }} className="btn quiet">
              {t("model.map")}
            </Link>
          </div>
          {place && <Signals place={place} runtime={runtime} />}
          <Tunables detail={detail} />
        </section>
        <ModelTrend deployment={deployment} runtime={runtime} bundle={bundle.data} detail={detail} />
        <SideFacts detail={detail} bundle={bundle.data} runtime={runtime} now={now} />
      </div>
      {mode && <ModeSheet deployment={deployment} mode={mode} onClose={() => setMode(undefined)} />}
    </div>
  );
}

