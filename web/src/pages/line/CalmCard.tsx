// When nothing is advised: the models of this line, each with how it is. Grey on purpose.
import { Link } from "@tanstack/react-router";
import { useNow } from "../../api/hooks";
import type { Deployment, Contribution, Place, Tag } from "../../api/types";
import { localised, t, word } from "../../text";
import { Hollow, Icon } from "../../ui/Icon";
import { Mark, type MarkName } from "../../ui/Mark";
import { Empty } from "../../ui/States";
import { calmVerdict, healthSentence, overloadSentence, worstRuntime } from "../models/health";
import { Why } from "./AdviceCard";
import { OutputNow } from "./OutputNow";
import "./advice.css";
import "./calm.css";

interface CalmCardProps {
  deployments: Deployment[];
  places: Map<string, Place>;
  tags: Map<string, Tag>;
  /** The model whose trend stands beside: its signals are shown against their normal band. */
  because: Contribution[];
  /** The edge does not answer: then nobody knows. */
  lost: boolean;
}

export function CalmCard({ deployments, places, tags, because, lost }: CalmCardProps) {
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
  const verdict = calmVerdict(deployments, lost);
  return (
    <section className="panel adv calm" aria-label={t("advice.title")}>
      <div className="adv-t">
        {verdict === "fine" ? <Icon name="ok" size={28} /> : verdict === "none" ? <Icon name="off" size={28} /> : verdict === "behind" ? <Mark name="s" size={28} /> : <Hollow size={28} />}
        <div>
          <h2>{t(`calm.${verdict}`)}</h2>
          <p className="sub">{t(`calm.${verdict}Text`)}</p>
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
                {!lost && <OutputNow deployment={one} tags={tags} />}
                <span className="calm-s sub">
                  {runtime?.mark && <Mark name={runtime.mark.letter.toLowerCase() as MarkName} size={16} />}
                  {lost ? t("link.lost") : (overloadSentence(runtime) ?? healthSentence(runtime, now))}
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
      {!lost && because.length > 0 && (
        <div className="calm-why">
          <h3>{t("line.signalsNow")}</h3>
          <Why because={because} tags={tags} />
        </div>
      )}
    </section>
  );
}
