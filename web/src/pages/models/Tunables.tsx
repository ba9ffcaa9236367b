// What the plant may set on this model, within the limits of its contract. A change is a new revision, with a reason.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { DeploymentDetail } from "../../api/types";
import { localised, t } from "../../text";
import { whyNot } from "../../text/said";
import { band, number } from "../../text/format";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Refused } from "../../ui/States";
import { numberOf } from "../connect/parse";
import { permissionOf } from "../line/ModelBar";
import "../../ui/field.css";

export function Tunables({ detail }: { detail: DeploymentDetail }) {
  const { deployment, tunables } = detail;
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [because, setBecause] = useState("");
  const changed = tunables.filter((one) => typed[one.tunable.name] !== undefined && numberOf(typed[one.tunable.name]!) !== one.value);
  const outside = changed.filter((one) => {
    const value = numberOf(typed[one.tunable.name]!);
    return value === undefined || value < one.tunable.min || value > one.tunable.max;
  });
  const may = permissionOf(deployment, "deploy");
  const save = useMutation({
    mutationFn: () =>
      client.PUT("/api/v1/deployments/{name}", {
          params: { path: { name: deployment.name } },
          body: { tune: Object.fromEntries(tunables.map((one) => [one.tunable.name, numberOf(typed[one.tunable.name] ?? "") ?? one.value])), based_on: deployment.revision, because: because.trim() || undefined },
        }),
    onSuccess: () => {
      setTyped({});
      setBecause("");
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["deployments"] }),
  });
  if (tunables.length === 0) return null;
  return (
    <div className="tun">
      <h3>{t("model.tunables")}</h3>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {tunables.map(({ tunable, value }) => (
          <TunableField key={tunable.name} title={localised(tunable.title) || tunable.name} limits={t("model.limits", { band: band(tunable.min, tunable.max) })} value={typed[tunable.name] ?? plain(value)} wrong={outside.some((one) => one.tunable.name === tunable.name)} disabled={may?.allowed === false} onChange={(text) => setTyped({ ...typed, [tunable.name]: text })} />
        ))}
        {may?.allowed === false && <p className="cap go">{whyNot(may)}</p>}
        {changed.length > 0 && (
          <div className="go">
            <Field label={t("action.because")} value={because} onChange={(event) => setBecause(event.target.value)} maxLength={300} />
            <Button kind="primary" type="submit" disabled={outside.length > 0 || because.trim() === ""} busy={save.isPending}>
              {t("model.saveTunables")}
            </Button>
          </div>
        )}
      </form>
      <Refused problem={save.error && asProblem(save.error)} />
    </div>
  );
}

function plain(value: number): string {
  return number(value, Number.isInteger(value) ? 0 : Math.min(6, String(value).split(".")[1]?.length ?? 0));
}

function TunableField({ title, limits, value, wrong, disabled, onChange }: { title: string; limits: string; value: string; wrong: boolean; disabled: boolean; onChange: (text: string) => void }) {
  return (
    <>
      <span className="cut">{title}</span>
      <input className="in" aria-label={title} inputMode="decimal" value={value} disabled={disabled} aria-invalid={wrong || undefined} onChange={(event) => onChange(event.target.value)} />
      <span className={wrong ? "field-error" : "cap"}>{limits}</span>
    </>
  );
}
