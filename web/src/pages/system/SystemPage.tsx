// System: what is wrong here in words, room for history, tags out, accounts, the site as one file, backups.
import { useQuery } from "@tanstack/react-query";
import { asProblem } from "../../api/problem";
import { aboutQuery, doctorQuery, historyQuery, linkQuery } from "../../api/queries";
import type { DoctorLine } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { t, word } from "../../text";
import { bytes, day, number, plantZone } from "../../text/format";
import { Button } from "../../ui/Button";
import { Failure, Skeleton } from "../../ui/States";
import { Accounts } from "./Accounts";
import { Backup } from "./Backup";
import { DoctorRow } from "./DoctorRow";
import { Outlets } from "./Outlets";
import { SiteFile } from "./SiteFile";
import "./system.css";

export function SystemPage() {
  useTrail({ text: t("nav.system") });
  return (
    <div className="page">
      <div className="head">
        <h1>{t("nav.system")}</h1>
      </div>
      <div className="sys-grid">
        <Doctor />
        <div className="sys-side">
          <AboutPanel />
          <Room />
        </div>
        <Outlets />
        <Accounts />
        <SiteFile />
        <Backup />
      </div>
    </div>
  );
}

function Doctor() {
  const doctor = useQuery(doctorQuery);
  return (
    <section className="panel">
      <div className="ph">
        <h2>{t("system.doctor")}</h2>
        <span className="cap">{t("system.doctorText")}</span>
        <span className="grow" />
        <Button busy={doctor.isFetching} onClick={() => void doctor.refetch()}>
          {t("system.again")}
        </Button>
      </div>
      {doctor.isLoadingError ? (
        <Failure problem={asProblem(doctor.error)} onRetry={() => void doctor.refetch()} />
      ) : !doctor.data ? (
        <Skeleton rows={4} />
      ) : (
        <ul className="doctor">
          {[...doctor.data].sort((a, b) => rank(b) - rank(a)).map((line) => (
            <DoctorRow key={line.code} line={line} />
          ))}
        </ul>
      )}
    </section>
  );
}

function rank(line: DoctorLine): number {
  return line.state === "wrong" ? 2 : line.state === "look" ? 1 : 0;
}

function AboutPanel() {
  const { data: about } = useQuery(aboutQuery);
  if (!about) return null;
  return (
    <section className="panel">
      <div className="ph">
        <h2>{about.site}</h2>
      </div>
      <dl className="facts">
        <dt>{t("system.version")}</dt>
        <dd>{about.version}</dd>
        <dt>{t("system.role")}</dt>
        <dd>{word("aboutRole", about.role)}</dd>
        <dt>{t("system.zone")}</dt>
        <dd>{plantZone()}</dd>
        <HubFact />
      </dl>
    </section>
  );
}

/** How this edge stands with its hub, in a word; the doctor says it in a sentence. */
function HubFact() {
  const { data: link } = useQuery(linkQuery);
  if (!link) return null;
  const { kind } = link.state;
  return (
    <>
      <dt>{t("system.hub")}</dt>
      <dd title={link.hub ?? undefined} className={kind === "away" ? "strong" : ""}>
        {word("linkState", kind)}
      </dd>
    </>
  );
}

function Room() {
  const history = useQuery(historyQuery);
  return (
    <section className="panel">
      <div className="ph">
        <h2>{t("system.history")}</h2>
      </div>
      {history.isLoadingError ? (
        <Failure problem={asProblem(history.error)} onRetry={() => void history.refetch()} />
      ) : !history.data ? (
        <Skeleton rows={3} height={24} />
      ) : (
        <>
          <div className="room" role="img" aria-label={t("system.used", { used: bytes(history.data.bytes), most: bytes(history.data.max_bytes) })}>
            <i style={{ width: `${Math.min(100, (history.data.bytes / Math.max(1, history.data.max_bytes)) * 100)}%` }} />
          </div>
          <dl className="facts">
            <dt>{t("system.onDisk")}</dt>
            <dd>{t("system.used", { used: bytes(history.data.bytes), most: bytes(history.data.max_bytes) })}</dd>
            <dt>{t("system.free")}</dt>
            <dd>{history.data.free_bytes == null ? "\u2013" : bytes(history.data.free_bytes)}</dd>
            <dt>{t("system.daysLeft")}</dt>
            <dd>{history.data.days_left == null ? t("system.unknownYet") : t("system.days", { n: Math.floor(history.data.days_left) })}</dd>
            <dt>{t("system.keep")}</dt>
            <dd>{t("system.days", { n: Math.round(history.data.keep_days) })}</dd>
            <dt>{t("system.oldest")}</dt>
            <dd>{history.data.oldest_ms == null ? "\u2013" : day(history.data.oldest_ms)}</dd>
            <dt>{t("system.samples")}</dt>
            <dd>{number(history.data.samples)}</dd>
          </dl>
        </>
      )}
    </section>
  );
}
