// Signals left, tags right, what the tag says now, how its unit is converted, and what was found, in words.
import { useQuery } from "@tanstack/react-query";
import { useConnection, useNow, useReading } from "../../api/hooks";
import { tagsQuery } from "../../api/queries";
import type { SignalNow, Tag } from "../../api/types";
import { localised, t, word } from "../../text";
import { sayAll } from "../../text/said";
import { band, unit } from "../../text/format";
import { Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Value } from "../../ui/Value";
import type { Mapping } from "./useMapping";
import "../../ui/table.css";
import "../../ui/field.css";

export function MapTable({ mapping, disabled }: { mapping: Mapping; disabled: boolean }) {
  const tags = useQuery(tagsQuery());
  return (
    <div className="wide-table">
      <table className="map">
        <thead>
          <tr>
            <th>{t("map.signal")}</th>
            <th />
            <th>{t("map.tag")}</th>
            <th className="r">{t("tags.value")}</th>
            <th>{t("map.unit")}</th>
            <th>{t("map.found")}</th>
          </tr>
        </thead>
        <tbody>
          {mapping.signals.map((signal) => (
            <MapRow key={signal.signal} signal={signal} mapping={mapping} tags={tags.data ?? []} disabled={disabled} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MapRow({ signal, mapping, tags, disabled }: { signal: SignalNow; mapping: Mapping; tags: Tag[]; disabled: boolean }) {
  const tag = mapping.map[signal.signal] ?? "";
  const reading = useReading(tag) ?? signal.reading ?? undefined;
  const lost = useConnection().state === "lost";
  const now = useNow(1000);
  const info = tags.find((one) => one.name === tag);
  const choices = mapping.choices.find((one) => one.signal === signal.signal)?.choices ?? [];
  const offered = new Set(choices.map((one) => one.tag));
  const title = localised(signal.title) || signal.signal;
  const worst = signal.findings.some((one) => one.level === "stop") ? "stop" : signal.findings.some((one) => one.level === "look") ? "lookat" : "";
  return (
    <>
      <tr className={`${worst} ${signal.findings.length > 0 ? "with-found" : ""}`}>
        <td>
          <b>{title}</b>
          <span className="cap block nw">
            {[signal.signal === title ? "" : signal.signal, unit(signal.unit), signal.range ? band(signal.range[0], signal.range[1]) : "", signal.role === "input" ? "" : word("signalRole", signal.role)].filter(Boolean).join(" · ")}
          </span>
        </td>
        <td className="to">
          <Icon name="arrow" />
        </td>
        <td>
          <select className="in" aria-label={t("map.tagFor", { signal: title })} value={tag} disabled={disabled} onChange={(event) => mapping.choose(signal.signal, event.target.value)}>
            <option value="">{t("map.notMapped")}</option>
            {choices.length > 0 && (
              <optgroup label={t("map.likely")}>
                {choices.map((choice) => (
                  <option key={choice.tag} value={choice.tag}>
                    {choice.tag}
                  </option>
                ))}
              </optgroup>
            )}
            <optgroup label={t("map.all")}>
              {tags
                .filter((one) => !offered.has(one.name) && one.kind !== "prediction")
                .map((one) => (
                  <option key={one.name} value={one.name}>
                    {one.name}
                  </option>
                ))}
            </optgroup>
          </select>
        </td>
        <td className="r nw">{tag ? <Value reading={reading} tag={info} now={now} lost={lost} noteAt="none" /> : "\u2013"}</td>
        <td className="nw sub">{signal.conversion ?? (tag ? t("map.sameUnit") : "\u2013")}</td>
        <td className="nw">
          {signal.findings.length === 0 && tag ? (
            <span className="find sub">
              <Icon name="ok" size={16} /> {t("map.fits")}
            </span>
          ) : worst ? (
            <span className="find">
              <Mark name={worst === "stop" ? "f" : "s"} size={16} /> <b>{t(worst === "stop" ? "map.stop" : "map.look")}</b>
            </span>
          ) : null}
        </td>
      </tr>
      {signal.findings.length > 0 && (
        <tr className={`found ${worst}`}>
          <td colSpan={6}>
            {signal.findings.map((finding) => {
              return (
                <span className="find" key={finding.code + finding.words}>
                  {finding.level === "fine" ? <Icon name="ok" size={16} /> : <Mark name={finding.level === "stop" ? "f" : "s"} size={16} label={t(finding.level === "stop" ? "map.stop" : "map.look")} />}
                  {sayAll(finding.said, finding.words)}
                </span>
              );
            })}
          </td>
        </tr>
      )}
    </>
  );
}
