// Sets how far a model may go. Everything but off asks for a reason.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Deployment } from "../../api/types";
import { localised, t, word } from "../../text";
import { whyNot } from "../../text/said";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Sheet } from "../../ui/Sheet";
import { Refused } from "../../ui/States";
import { permissionOf } from "../line/ModelBar";
import type { Mode } from "../../ui/Ladder";
import "./mode-sheet.css";

const reasons = ["reason.checked", "reason.repaired", "reason.trial"] as const;

export function ModeSheet({ deployment, mode, onClose }: { deployment: Deployment; mode: Mode; onClose: () => void }) {
  const [because, setBecause] = useState("");
  const may = permissionOf(deployment, "set-mode");
  const set = useMutation({
    mutationFn: () => client.PUT("/api/v1/deployments/{name}/mode", { params: { path: { name: deployment.name } }, body: { mode, because: because.trim() || undefined } }),
    onSuccess: onClose,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["deployments"] }),
  });
  return (
    <Sheet title={t("mode.setTitle", { model: localised(deployment.title), mode: word("mode", mode) })} onClose={onClose}>
      <p className="sub">{word("mode.means", mode)}</p>
      <div>
        <span className="cap">{t("action.because")}</span>
        <div className="picks">
          {reasons.map((key) => (
            <Button key={key} aria-pressed={because === t(key)} onClick={() => setBecause(t(key))}>
              {t(key)}
            </Button>
          ))}
        </div>
        <Field label={t("action.ownWords")} value={because} onChange={(event) => setBecause(event.target.value)} maxLength={300} />
      </div>
      {may && !may.allowed && <p className="sub">{whyNot(may)}</p>}
      <Refused problem={set.error && asProblem(set.error)} />
      <div className="go">
        <Button onClick={onClose}>{t("action.back")}</Button>
        <Button kind="primary" disabled={may?.allowed === false || because.trim() === ""} busy={set.isPending} onClick={() => set.mutate()}>
          {t("mode.set", { mode: word("mode", mode) })}
        </Button>
      </div>
    </Sheet>
  );
}
