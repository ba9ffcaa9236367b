// When nothing is advised: the models of this line, each with how it is. Grey on purpose.
import { Link } from "@tanstack/react-router";
import { useNow } from "../../api/hooks";
import type { Deployment, Place } from "../../api/types";
import { localised, t, word } from "../../text";
import { Icon } from "../../ui/Icon";
import { Mark, type MarkName } from "../../ui/Mark";
import { Empty } from "../../ui/States";
import { healthSentence, worstRuntime } from "../models/health";
import { OutputNow } from "./OutputNow";
import "./advice.css";
import "./calm.css";

export function CalmCard({ deployments, places }: { deployments: Deployment[]; places: Map<string, Place> }) {
  const now = useNow(1000);
  if (deployments.length === 0)
    return (
      <section className="panel adv calm">
        <Empty
          title={t("line.noModel")}
          action={
            <Link className="btn" to="/models">
              {t("line.toModels")}
            </Link>
          }
        >
          {t("line.noModelText")}
        </Empty>
      </section>
    );
  const advising = deployments.some((one) => one.mode !== "off" && one.mode !== "watch");
  return (
    <section className="panel adv calm" aria-label={t("advice.title")}>
      <div className="adv-t">
        <Icon name="ok" size={28} />
        <div>
          <h2>{advising ? t("line.noAdvice") : t("line.nobodyAdvises")}</h2>
          <p className="sub">{advising ? t("line.noAdviceText") : t("line.nobodyAdvisesText")}</p>
        </div>
      </div>
      <ul className="calm-list scroll">
        {deployments.map((one) => {
          const runtime = worstRuntime(one);
          return (
            <li key={one.name}>
              <Link to="/models/at/$name" params={{ name: one.name }}>
                <span className="calm-n">
                  <b className="cut">{t("models.at", { model: localised(one.title), place: places.get(one.place)?.name ?? one.place })}</b>
                  <span className="sub cut">
                    {one.version} · {word("mode", one.mode)}
                  </span>
                </span>
                <OutputNow deployment={one} />
                <span className="calm-s sub">
                  {runtime?.mark && <Mark name={runtime.mark.letter.toLowerCase() as MarkName} size={16} />}
                  {healthSentence(runtime, now)}
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
