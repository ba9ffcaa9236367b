// The mapping of a deployment that exists. A change is a new revision, with a reason.
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../api/client";
import { asProblem, spoken } from "../../api/problem";
import { deploymentQuery, queryClient } from "../../api/queries";
import type { DeploymentDetail } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { localised, t } from "../../text";
import { whyNot } from "../../text/said";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Seg } from "../../ui/Seg";
import { Failure, Refused, Skeleton } from "../../ui/States";
import { permissionOf } from "../line/ModelBar";
import { MapTable } from "./MapTable";
import { useMapping } from "./useMapping";
import "./models.css";
import "../connect/connect.css";

export function MapPage() {
  const { name } = useParams({ from: "/models/at/$name/map" });
  useTrail({ text: t("nav.models"), to: "/models" }, { text: name, to: `/models/at/${name}` }, { text: t("model.map") });
  const detail = useQuery(deploymentQuery(name));
  const [at, setAt] = useState(0);
  if (detail.isLoadingError) return <Failure problem={asProblem(detail.error)} onRetry={() => void detail.refetch()} />;
  if (!detail.data) return <Skeleton rows={6} height={56} />;
  return (
    <div className="page">
      <div className="head">
        <h1>{t("map.title", { model: localised(detail.data.deployment.title) })}</h1>
        <p className="sub">{t("map.what")}</p>
        <span className="grow" />
        {detail.data.at.length > 1 && <Seg label={t("model.place")} value={String(at)} options={detail.data.at.map((one, index) => ({ value: String(index), text: one.place }))} onChange={(value) => setAt(Number(value))} />}
        <Link className="btn quiet" to="/models/at/$name" params={{ name }}>
          {t("action.back")}
        </Link>
      </div>
      <Mapped key={`${at}.${detail.data.deployment.revision}`} detail={detail.data} at={at} />
    </div>
  );
}

function Mapped({ detail, at }: { detail: DeploymentDetail; at: number }) {
  const navigate = useNavigate();
  const { deployment } = detail;
  const place = detail.at[at]!;
  const mapping = useMapping(deployment.bundle, place.place, place.map);
  const [because, setBecause] = useState("");
  const may = permissionOf(deployment, "deploy");
  const save = useMutation({
    mutationFn: () =>
      client.PUT("/api/v1/deployments/{name}", {
          params: { path: { name: deployment.name } },
          body: { at: detail.at.map((one, index) => (index === at ? { place: one.place, map: mapping.map } : { place: one.place, map: one.map })), based_on: deployment.revision, because: because.trim() || undefined },
        }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ["deployments"] });
      await navigate({ to: "/models/at/$name", params: { name: deployment.name } });
    },
    onError: () => queryClient.invalidateQueries({ queryKey: ["deployments"] }),
  });
  return (
    <>
      <section className="panel">
        {mapping.error ? <Failure problem={asProblem(mapping.error)} /> : mapping.isPending && mapping.signals.length === 0 ? <Skeleton rows={6} height={48} /> : <MapTable mapping={mapping} disabled={may?.allowed === false} />}
      </section>
      {mapping.problems.map((problem) => (
        <Refused key={problem.code + problem.place} problem={{ kind: "failed", ...spoken(problem), all: [], whoCould: [] }} />
      ))}
      <section className="panel foot-bar">
        <p className="sub grow">{may?.allowed === false ? whyNot(may) : mapping.changed ? t(mapping.ok && because.trim() === "" ? "map.needsReason" : "map.changed") : t("map.unchanged")}</p>
        <Refused problem={save.error && asProblem(save.error)} />
        {mapping.changed && <Field label={t("action.because")} value={because} onChange={(event) => setBecause(event.target.value)} maxLength={300} />}
        <Button kind="primary" disabled={!mapping.changed || !mapping.ok || because.trim() === "" || may?.allowed === false} busy={save.isPending} onClick={() => save.mutate()}>
          {t("map.save")}
        </Button>
      </section>
    </>
  );
}
