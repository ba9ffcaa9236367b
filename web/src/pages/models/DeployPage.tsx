// A bundle gets a place: where, what it is called, which tags, how far it may go.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { bundleQuery, bundlesQuery, placesQuery, queryClient } from "../../api/queries";
import { rememberedLine } from "../../app/preferences";
import { useTrail } from "../../app/crumbs";
import { localised, t, word } from "../../text";
import { Button } from "../../ui/Button";
import { Choice, Field } from "../../ui/Field";
import { Empty, Failure, Refused, Skeleton } from "../../ui/States";
import { slug } from "../connect/parse";
import { MapTable } from "./MapTable";
import { useMapping } from "./useMapping";
import "./models.css";
import "../connect/connect.css";

export function DeployPage() {
  useTrail({ text: t("nav.models"), to: "/models" }, { text: t("models.deploy") });
  const navigate = useNavigate();
  const { bundle: digest } = useSearch({ from: "/models/new" });
  const bundles = useQuery(bundlesQuery);
  const places = useQuery(placesQuery);
  const bundle = useQuery({ ...bundleQuery(digest ?? ""), enabled: digest !== undefined });
  const [chosenPlace, setPlace] = useState<string>();
  const place = chosenPlace ?? rememberedLine() ?? places.data?.find((one) => one.picture)?.path;
  const [name, setName] = useState("");
  const [mode, setMode] = useState<"off" | "watch" | "advise">("watch");
  const [because, setBecause] = useState("");
  const mapping = useMapping(digest, place, undefined);
  const suggested = slug(`${place?.split("/").pop() ?? ""}-${bundle.data?.bundle.name ?? ""}`).replaceAll("_", "-");
  const deploy = useMutation({
    mutationFn: () => client.POST("/api/v1/deployments", { body: { name: name.trim() || suggested, bundle: digest!, at: [{ place: place!, map: mapping.map }], tune: {}, mode, because: because.trim() || undefined } }),
    onSuccess: async () => {
      await Promise.all(["deployments", "bundles", "places", "tags"].map((key) => queryClient.invalidateQueries({ queryKey: [key] })));
      await navigate({ to: "/models/at/$name", params: { name: name.trim() || suggested } });
    },
  });
  if (!digest) return <Empty title={t("deploy.noBundle")} action={<Link to="/models">{t("nav.models")}</Link>} />;
  if (bundle.isLoadingError) return <Failure problem={asProblem(bundle.error)} onRetry={() => void bundle.refetch()} />;
  if (!bundle.data || !places.data) return <Skeleton rows={6} height={56} />;
  return (
    <div className="page">
      <div className="head">
        <h1>{t("deploy.title", { model: localised(bundle.data.bundle.title), version: bundle.data.bundle.version })}</h1>
        <p className="sub">{localised(bundle.data.bundle.about)}</p>
        <span className="grow" />
        <Link className="btn quiet" to="/models">
          {t("action.cancel")}
        </Link>
      </div>
      <section className="panel deploy-top">
        <Choice label={t("deploy.bundle")} value={digest} onChange={(event) => void navigate({ to: "/models/new", search: { bundle: event.target.value } })}>
          {(bundles.data ?? []).map((one) => (
            <option key={one.digest} value={one.digest}>
              {localised(one.title)} {one.version}
            </option>
          ))}
        </Choice>
        <Choice label={t("deploy.place")} value={place} onChange={(event) => setPlace(event.target.value)}>
          {places.data.map((one) => (
            <option key={one.path} value={one.path}>
              {one.name} · {one.path || t("who.wholeSite")}
            </option>
          ))}
        </Choice>
        <Field label={t("deploy.name")} value={name} placeholder={suggested} onChange={(event) => setName(event.target.value)} />
        <Choice label={t("deploy.mode")} value={mode} onChange={(event) => setMode(event.target.value as typeof mode)} note={word("mode.means", mode)}>
          {(["off", "watch", "advise"] as const).map((one) => (
            <option key={one} value={one}>
              {word("mode", one)}
            </option>
          ))}
        </Choice>
      </section>
      <section className="panel">{mapping.error ? <Failure problem={asProblem(mapping.error)} /> : mapping.signals.length === 0 ? <Skeleton rows={6} height={48} /> : <MapTable mapping={mapping} disabled={false} />}</section>
      <section className="panel foot-bar">
        <p className="sub grow">{!mapping.ok ? t("deploy.notReady") : because.trim() === "" ? t("deploy.needsReason") : t("deploy.ready")}</p>
        <Refused problem={deploy.error && asProblem(deploy.error)} />
        <Field label={t("action.because")} value={because} onChange={(event) => setBecause(event.target.value)} maxLength={300} />
        <Button kind="primary" disabled={!mapping.ok || !place || because.trim() === ""} busy={deploy.isPending} onClick={() => deploy.mutate()}>
          {t("deploy.do")}
        </Button>
      </section>
    </div>
  );
}
