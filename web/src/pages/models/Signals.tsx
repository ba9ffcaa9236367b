// The model's signals at one place: what the tag says now against the normal band.
import { Link } from "@tanstack/react-router";
import { useConnection, useNow, useReading } from "../../api/hooks";
import type { DeploymentDetail, Runtime, SignalNow, Tag } from "../../api/types";
import { localised, t, word } from "../../text";
import { sayAll } from "../../text/said";
import { band } from "../../text/format";
import { Gauge } from "../../ui/Gauge";
import { Hollow } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Value } from "../../ui/Value";
import "../../ui/table.css";

export function Signals({ place, runtime }: { place: DeploymentDetail["at"][number]; runtime: Runtime | undefined }) {
  const driving = new Set((runtime?.contributions ?? []).filter((one) => one.deviation != null && Math.abs(one.deviation) > 1).map((one) => one.signal));
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={t("model.signals")}>
      <table className="sg">
        <thead>
          <tr>
            <th>{t("model.signal")}</th>
            <th>
              <span className="vh">{t("model.greyBar")}</span>
            </th>
            <th className="r">{t("model.nowValue")}</th>
            <th className="r">{t("model.normal")}</th>
          </tr>
        </thead>
        <tbody>
          {place.signals.map((signal) => (
            <SignalRow key={signal.signal} signal={signal} abnormal={driving.has(signal.signal)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SignalRow({ signal, abnormal }: { signal: SignalNow; abnormal: boolean }) {
  const reading = useReading(signal.tag ?? undefined) ?? signal.reading ?? undefined;
  const lost = useConnection().state === "lost";
  const now = useNow(1000);
  const asTag = { unit: signal.unit, range: signal.range, normal: signal.normal } as Tag;
  const worst = signal.findings.find((one) => one.level === "stop") ?? signal.findings.find((one) => one.level === "look");
  return (
    <tr className={signal.role === "input" ? "" : "role"}>
      <td>
        {signal.tag ? (
          <Link className="cell" to="/trend" search={{ tags: signal.tag }}>
            {worst && <Mark name={worst.level === "stop" ? "f" : "s"} size={16} label={sayAll(worst.said, worst.words)} />}
            {localised(signal.title) || signal.signal}
          </Link>
        ) : (
          <span className="row">
            <Hollow size={16} /> <b>{localised(signal.title) || signal.signal}</b>
          </span>
        )}
      </td>
      <td style={{ minWidth: 64 }}>{signal.role === "input" ? <Gauge value={typeof reading?.value === "number" ? reading.value : null} low={signal.normal?.[0]} high={signal.normal?.[1]} range={signal.range} abnormal={abnormal} /> : <span className="cap">{word("signalRole", signal.role)}</span>}</td>
      <td className="r nw">{signal.tag ? <Value reading={reading} tag={asTag} now={now} lost={lost} noteAt="none" /> : t("model.notMapped")}</td>
      <td className="r nw sub">{signal.normal ? band(signal.normal[0], signal.normal[1]) : "\u2013"}</td>
    </tr>
  );
}
