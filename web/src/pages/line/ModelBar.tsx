// The model that is shown: how far it may go, and switching it off. Off is held for a second and asks no reason.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useConnection, useNow } from "../../api/hooks";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Deployment, Place } from "../../api/types";
import { localised, t, word } from "../../text";
import { whyNot } from "../../text/said";
import { moment } from "../../text/format";
import { Button } from "../../ui/Button";
import { HoldButton } from "../../ui/HoldButton";
import { Icon } from "../../ui/Icon";
import { Ladder } from "../../ui/Ladder";
import { Refused } from "../../ui/States";
import { healthSentence, worstRuntime } from "../models/health";
import { ModeSheet } from "../models/ModeSheet";
import "./model-bar.css";

interface ModelBarProps {
  deployment: Deployment;
  deployments: Deployment[];
  places: Map<string, Place>;
  onChoose: (name: string) => void;
}

/** The answer of the server on one action, for the person asking. */
export function permissionOf(deployment: Deployment, action: string) {
  return deployment.permissions.find((one) => one.action === action);
}

export function useSwitchOff(name: string) {
  return useMutation({
    mutationFn: () => client.PUT("/api/v1/deployments/{name}/mode", { params: { path: { name } }, body: { mode: "off" } }),
    onSettled: () => Promise.all([queryClient.invalidateQueries({ queryKey: ["deployments"] }), queryClient.invalidateQueries({ queryKey: ["changes"] })]),
  });
}

export function ModelBar({ deployment, deployments, places, onChoose }: ModelBarProps) {
  const now = useNow(1000);
  const lost = useConnection().state === "lost";
  const [asking, setAsking] = useState(false);
  const off = useSwitchOff(deployment.name);
  const may = permissionOf(deployment, "switch-off");
  const isOff = deployment.mode === "off";
  const where = (one: Deployment) => places.get(one.place)?.name ?? one.place;
  return (
    <section className="panel bar" aria-label={t("line.model")}>
      <div className="bar-n">
        {deployments.length > 1 ? (
          <select className="in bar-pick" aria-label={t("line.whichModel")} value={deployment.name} onChange={(event) => onChoose(event.target.value)}>
            {deployments.map((one) => (
              <option key={one.name} value={one.name}>
                {t("line.modelIs", { place: where(one), model: localised(one.title), mode: word("mode", one.mode) })}
              </option>
            ))}
          </select>
        ) : (
          <b className="cut">
            {t("line.modelIs", { place: where(deployment), model: localised(deployment.title), mode: word("mode", deployment.mode) })} <span className="bar-v">{deployment.version}</span>
          </b>
        )}
        <span className="cap cut">
          {isOff ? t("line.offSince", { time: moment(deployment.mode_since_ms, now), who: deployment.mode_by }) : `${t("line.writesNothing")} ${lost ? t("link.lost") : healthSentence(worstRuntime(deployment), now)}`}
        </span>
      </div>
      <span className="grow" />
      <div className="bar-l">
        <Ladder mode={deployment.mode} />
      </div>
      <span className="grow bar-l" />
      <Refused problem={off.error && asProblem(off.error)} />
      {isOff ? (
        <>
          <span className="cap bar-w">{t("line.plcKeeps")}</span>
          <Button onClick={() => setAsking(true)}>
            <Icon name="on" />
            {t("line.switchOn")}
          </Button>
        </>
      ) : (
        <>
          <span className="cap bar-w" id="off-what">
            {may && !may.allowed ? whyNot(may) : t("line.ifOff")}
          </span>
          <HoldButton onHeld={() => off.mutate()} disabled={may?.allowed === false} busy={off.isPending} describedBy="off-what">
            <Icon name="off" />
            {t("line.modelOff")} <small>{t("line.hold")}</small>
          </HoldButton>
        </>
      )}
      {asking && <ModeSheet deployment={deployment} mode="advise" onClose={() => setAsking(false)} />}
    </section>
  );
}
