// What the model needs and gives, when it applies, and its revisions.
import type { BundleDetail, DeploymentDetail, Runtime } from "../../api/types";
import { localised, t } from "../../text";
import { say } from "../../text/said";
import { moment, number, span } from "../../text/format";
import { Hollow, Icon } from "../../ui/Icon";

export function SideFacts({ detail, bundle, runtime, now }: { detail: DeploymentDetail; bundle: BundleDetail | undefined; runtime: Runtime | undefined; now: number }) {
  const { deployment } = detail;
  const current = localised(runtime?.condition);
  return (
    <div className="side">
      <section className="panel">
        <div className="ph">
          <h2>{t("model.contract")}</h2>
        </div>
        <dl className="facts">
          <dt>{t("model.version")}</dt>
          <dd>
            <b>{deployment.version}</b>
          </dd>
          {bundle && (
            <>
              <dt>{t("model.trigger")}</dt>
              <dd>{say(bundle.said_trigger, bundle.trigger)}</dd>
              <dt>{t("model.window")}</dt>
              <dd>{say(bundle.said_window, bundle.window)}</dd>
            </>
          )}
          <dt>{t("model.took")}</dt>
          <dd>{runtime?.took_ms == null ? "\u2013" : t("format.ms", { value: number(runtime.took_ms, 1) })}</dd>
          {runtime?.load.busy_percent != null && (
            <>
              <dt>{t("model.busy")}</dt>
              <dd>{t("format.percent", { value: number(runtime.load.busy_percent) })}</dd>
            </>
          )}
          {runtime && runtime.load.skipped_windows > 0 && (
            <>
              <dt>{t("model.skipped")}</dt>
              <dd>{number(runtime.load.skipped_windows)}</dd>
            </>
          )}
          {runtime && runtime.load.lost_scans > 0 && (
            <>
              <dt>{t("model.lost")}</dt>
              <dd>{number(runtime.load.lost_scans)}</dd>
            </>
          )}
          <dt>{t("model.inputsAge")}</dt>
          <dd>{runtime?.inputs_age_ms == null ? "\u2013" : span(runtime.inputs_age_ms)}</dd>
          <dt>{t("model.writes")}</dt>
          <dd>{deployment.writes.length === 0 ? t("model.writesNothing") : deployment.writes.join(", ")}</dd>
          <dt>{t("model.signed")}</dt>
          <dd>{bundle?.bundle.signed ? t("model.signedYes") : t("model.signedNo")}</dd>
        </dl>
      </section>
      {bundle && bundle.conditions.length > 0 && (
        <section className="panel">
          <div className="ph">
            <h2>{t("model.applies")}</h2>
          </div>
          <ul className="conds">
            {bundle.conditions.map((condition) => {
              const title = localised(condition.title) || condition.name;
              return (
                <li key={condition.name} className={title === current ? "now" : ""}>
                  {condition.applies ? <Icon name="ok" size={16} /> : <Hollow size={16} />}
                  <span className="grow">{title}</span>
                  <span className="cap">{title === current ? t("model.holdsNow") : condition.applies ? "" : t("model.notThen")}</span>
                </li>
              );
            })}
          </ul>
        </section>
      )}
      <section className="panel">
        <div className="ph">
          <h2>{t("model.revisions")}</h2>
        </div>
        <ul className="vs">
          {detail.revisions.slice(0, 6).map((revision) => (
            <li key={revision.number}>
              <b>{revision.version}</b>
              {revision.in_use && <span className="tagged cur">{t("model.inUse")}</span>}
              <span className="grow" />
              <span className="cap">{t("model.sinceBy", { time: moment(revision.since_ms, now), who: revision.by })}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
