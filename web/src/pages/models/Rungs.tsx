// The ladder with its evidence: what is met (quiet, ✓) and what is missing (bold, dashed ring), and who can.
import type { Deployment, DeploymentDetail } from "../../api/types";
import { t, word } from "../../text";
import { say, whyNot } from "../../text/said";
import { Button } from "../../ui/Button";
import { Hollow, Icon } from "../../ui/Icon";
import { modes } from "../../ui/Ladder";

export function Rungs({ detail, deployment, onSet }: { detail: DeploymentDetail; deployment: Deployment; onSet: (mode: "watch" | "advise") => void }) {
  const now = modes.indexOf(deployment.mode);
  return (
    <section className="panel rungs" aria-label={t("mode.ladder")}>
      {detail.ladder.map((rung) => {
        const index = modes.indexOf(rung.mode);
        const current = rung.mode === deployment.mode;
        const settable = (rung.mode === "watch" || rung.mode === "advise") && !current;
        return (
          <div key={rung.mode} className={`rung ${current ? "on" : index < now ? "done" : ""}`} aria-current={current ? "step" : undefined}>
            <header>
              {word("mode", rung.mode)}
              {current && <span className="tagged cur">{t("model.now", { version: deployment.version })}</span>}
            </header>
            {rung.mode === "off" && <p className="sub">{t("mode.means.off")}</p>}
            <ul className="ev">
              {rung.evidence.map((one) => (
                <li key={one.code} className={one.met ? "ok" : "mi"}>
                  {one.met ? <Icon name="ok" size={16} /> : <Hollow size={16} />}
                  <span>{say(one.said, one.words)}</span>
                </li>
              ))}
            </ul>
            {settable && rung.permission.allowed && (
              <Button onClick={() => onSet(rung.mode as "watch" | "advise")}>{t("mode.set", { mode: word("mode", rung.mode) })}</Button>
            )}
            {!rung.permission.allowed && (rung.mode === "watch" || rung.mode === "advise") && rung.permission.why_not && <p className="cap">{rung.permission.who_could?.length ? t("mode.can", { who: rung.permission.who_could.join(", ") }) : whyNot(rung.permission)}</p>}
          </div>
        );
      })}
    </section>
  );
}
