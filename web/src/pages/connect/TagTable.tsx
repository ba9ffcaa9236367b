// A table of tags with what they say now. A tap on a row opens its trend.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useConnection, useLastMinute, useMinuteBefore, useNow, useReading } from "../../api/hooks";
import type { Tag } from "../../api/types";
import { localised, t } from "../../text";
import { band, span } from "../../text/format";
import { Button } from "../../ui/Button";
import { Spark } from "../../ui/Spark";
import { Value } from "../../ui/Value";
import { qualityWord, viewOf } from "../../ui/value";
import "../../ui/table.css";
import "./connect.css";

const STEP = 200;

interface TagTableProps {
  tags: Tag[];
  /** Shown below the name: the place, or the address. */
  second: "place" | "address";
  onEdit?: ((tag: Tag) => void) | undefined;
}

export function TagTable({ tags, second, onEdit }: TagTableProps) {
  const [most, setMost] = useState(STEP);
  useMinuteBefore(tags.slice(0, most).map((tag) => tag.name));
  return (
    <div className="wide-table">
      <table className="vals">
        <thead>
          <tr>
            <th>{t("tags.tag")}</th>
            <th>{t("tags.minute")}</th>
            <th className="r">{t("tags.value")}</th>
            <th>{t("tags.quality")}</th>
            <th className="r">{t("tags.age")}</th>
            <th>{t("tags.range")}</th>
            <th className="col-write">{t("tags.write")}</th>
            {onEdit && <th />}
          </tr>
        </thead>
        <tbody>
          {tags.slice(0, most).map((tag) => (
            <TagRow key={tag.name} tag={tag} second={second} onEdit={onEdit} />
          ))}
        </tbody>
      </table>
      {tags.length > most && (
        <div className="more">
          <Button onClick={() => setMost(most + STEP)}>{t("tags.more", { n: tags.length - most })}</Button>
        </div>
      )}
    </div>
  );
}

function TagRow({ tag, second, onEdit }: Omit<TagTableProps, "tags"> & { tag: Tag }) {
  const reading = useReading(tag.name) ?? tag.latest;
  const minute = useLastMinute(tag.name);
  const lost = useConnection().state === "lost";
  const now = useNow(1000);
  const navigate = useNavigate();
  const view = viewOf(reading, tag, now, lost);
  const label = localised(tag.label) || tag.name;
  return (
    <tr className={`tap ${view.look}`} onClick={() => void navigate({ to: "/trend", search: { tags: tag.name } })}>
      <td>
        <span className="dev-n">
          <b>{label}</b>
          <span className="cap">{second === "address" ? (tag.address ?? "") : tag.name}</span>
        </span>
      </td>
      <td style={{ width: 88 }}>
        <Spark points={minute} low={tag.normal?.[0]} high={tag.normal?.[1]} stale={view.look === "stale"} missing={view.look === "bad"} />
      </td>
      <td className="r">
        <Value reading={reading} tag={tag} now={now} lost={lost} noteAt="none" />
      </td>
      <td className={view.look === "bad" ? "bad" : "sub"}>{view.look === "stale" ? t("value.old") : view.look === "none" ? t("value.notYet") : qualityWord(reading)}</td>
      <td className="r sub">{reading.at_ms == null ? "\u2013" : span(now - reading.at_ms)}</td>
      <td className="sub">{tag.range ? band(tag.range[0], tag.range[1]) : "\u2013"}</td>
      <td className="sub col-write">{t(tag.write === "guarded" ? "tags.guarded" : "tags.never")}</td>
      {onEdit && (
        <td className="r">
          {tag.kind === "device" && (
            <Button
              kind="quiet"
              aria-label={t("tags.editOne", { tag: label })}
              onClick={(event) => {
                event.stopPropagation();
                onEdit(tag);
              }}
            >
              {t("tags.edit")}
            </Button>
          )}
        </td>
      )}
    </tr>
  );
}
