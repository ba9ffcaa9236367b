// Models: what runs where, as cards by place; and bundles on this edge that wait for a place.
import { Link } from "@tanstack/react-router";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { useNow } from "../../api/hooks";
import { ApiError, asProblem, offline, problemOf } from "../../api/problem";
import { bundlesQuery, deploymentsQuery, meQuery, placesQuery, queryClient, tagsQuery } from "../../api/queries";
import type { Bundle, Deployment, Place, Tag } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { localised, t } from "../../text";
import { whyNot } from "../../text/said";
import { moment } from "../../text/format";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Ladder } from "../../ui/Ladder";
import { Mark, type MarkName } from "../../ui/Mark";
import { Empty, Failure, Refused, Skeleton } from "../../ui/States";
import { siteMay } from "../connect/ConnectPage";
import { OutputNow } from "../line/OutputNow";
import { healthSentence, worstRuntime } from "./health";
import "./models.css";

export function ModelsPage() {
  useTrail({ text: t("nav.models") });
  const deployments = useQuery(deploymentsQuery);
  const bundles = useQuery(bundlesQuery);
  const places = useQuery(placesQuery);
  const { data: me } = useQuery(meQuery);
  const byPlace = useMemo(() => new Map((places.data ?? []).map((place) => [place.path, place])), [places.data]);
  const tags = useQuery(tagsQuery());
  const byName = useMemo(() => new Map((tags.data ?? []).map((tag) => [tag.name, tag])), [tags.data]);
  const may = siteMay(me, "add-bundle");
  const waiting = (bundles.data ?? []).filter((bundle) => bundle.used_by.length === 0);
  return (
    <div className="page">
      <div className="head">
        <h1>{t("nav.models")}</h1>
        <p className="sub">{t("models.what")}</p>
        <span className="grow" />
        {may?.allowed === false ? <p className="cap">{whyNot(may)}</p> : <Upload />}
      </div>
      {deployments.isLoadingError ? (
        <section className="panel">
          <Failure problem={asProblem(deployments.error)} onRetry={() => void deployments.refetch()} />
        </section>
      ) : !deployments.data ? (
        <Skeleton rows={2} height={160} />
      ) : deployments.data.length === 0 && waiting.length === 0 ? (
        <section className="panel">
          <Empty title={t("models.none")}>{t("models.noneText")}</Empty>
        </section>
      ) : (
        <ul className="cards">
          {deployments.data.map((one) => (
            <Card key={one.name} deployment={one} place={byPlace.get(one.place)} tags={byName} />
          ))}
        </ul>
      )}
      {waiting.length > 0 && <Waiting bundles={waiting} mayDeploy={siteMay(me, "deploy")?.allowed !== false} />}
    </div>
  );
}

function Card({ deployment, place, tags }: { deployment: Deployment; place: Place | undefined; tags: Map<string, Tag> }) {
  const now = useNow(1000);
  const runtime = worstRuntime(deployment);
  return (
    <li className="panel card">
      <Link to="/models/at/$name" params={{ name: deployment.name }}>
        <span className="row">
          <h2 className="cut">{t("models.at", { model: localised(deployment.title), place: place?.name ?? deployment.place })}</h2>
          <span className="grow" />
          {deployment.advisories.length > 0 && (
            <span className="mk m nw">
              <Mark name="advisory" size={16} />
              {t("models.advice", { n: deployment.advisories.length })}
            </span>
          )}
          <span className="tagged">{deployment.version}</span>
        </span>
        <span className="cap">
          {deployment.places.length > 1 ? t("models.places", { n: deployment.places.length }) : deployment.place} · {deployment.name}
        </span>
        <Ladder mode={deployment.mode} />
        <span className="row card-s">
          {runtime?.mark ? <Mark name={runtime.mark.letter.toLowerCase() as MarkName} /> : <Icon name={deployment.mode === "off" ? "off" : "ok"} />}
          <span className="sub grow">{healthSentence(runtime, now)}</span>
          <OutputNow deployment={deployment} tags={tags} />
        </span>
      </Link>
    </li>
  );
}

function Waiting({ bundles, mayDeploy }: { bundles: Bundle[]; mayDeploy: boolean }) {
  const now = useNow(60_000);
  return (
    <section className="panel">
      <div className="ph">
        <h2>{t("models.waiting")}</h2>
        <span className="cap">{t("models.waitingText")}</span>
      </div>
      <ul className="bundles">
        {bundles.map((bundle) => (
          <li key={bundle.digest}>
            <span className="grow">
              <b>{localised(bundle.title)}</b> <span className="tagged">{bundle.version}</span>
              <span className="sub block">{localised(bundle.about)}</span>
            </span>
            <span className="cap">{t("models.brought", { who: bundle.added_by, time: moment(bundle.added_ms, now) })}</span>
            {mayDeploy && (
              <Link className="btn" to="/models/new" search={{ bundle: bundle.digest }}>
                {t("models.deploy")}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Brings a bundle file onto this edge. */
function Upload() {
  const input = useRef<HTMLInputElement>(null);
  const upload = useMutation({
    mutationFn: async (file: File) => {
      const response = await fetch("/api/v1/bundles", { method: "POST", headers: { "content-type": "application/x-tar" }, body: file }).catch(() => {
        throw new ApiError(offline());
      });
      if (!response.ok) throw new ApiError(problemOf(response.status, (await response.json().catch(() => undefined)) as object | undefined));
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["bundles"] }),
  });
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".tar,application/x-tar"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) upload.mutate(file);
          event.target.value = "";
        }}
      />
      <Refused problem={upload.error && asProblem(upload.error)} />
      <Button kind="primary" busy={upload.isPending} onClick={() => input.current?.click()}>
        <Icon name="plus" />
        {t("models.add")}
      </Button>
      <span className="vh" role="status">
        {upload.isSuccess ? t("models.added") : ""}
      </span>
    </>
  );
}

