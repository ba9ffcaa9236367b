// A value on a screen: number with unit; old is hollow, italic and says its age; bad has no number.
import type { Reading, Tag } from "../api/types";
import { t } from "../text";
import { Hollow } from "./Icon";
import { Mark } from "./Mark";
import { viewOf } from "./value";
import "./value.css";

interface ValueProps {
  reading: Reading | undefined;
  tag: Tag | undefined;
  now: number;
  lost: boolean;
  /** The note under the value (two lines) or beside it. */
  noteAt?: "under" | "beside" | "none";
}

export function Value({ reading, tag, now, lost, noteAt = "under" }: ValueProps) {
  const view = viewOf(reading, tag, now, lost);
  const noted = noteAt !== "none" && view.note !== "" && <span className="v-note">{view.note}</span>;
  return (
    <span className={`v-text ${view.look} ${noteAt}`}>
      <span className="v-main">
        {view.look === "stale" && (
          <>
            <Hollow />
            <span className="vh">{t("value.old")}</span>
          </>
        )}
        {view.look === "bad" && <Mark name="f" size={16} />}
        {view.look === "uncertain" && <Mark name="s" size={16} label={view.note} />}
        {view.look === "bad" ? (
          <b>{t("value.none")}</b>
        ) : view.look === "none" ? (
          <span className="v-note">{t("value.notYet")}</span>
        ) : view.look === "not-applicable" ? (
          <span className="v-na">{t("value.notApplicable")}</span>
        ) : (
          <>
            <b>{view.text}</b>
            {view.unit && <span className="u"> {view.unit}</span>}
          </>
        )}
      </span>
      {view.look !== "none" && noted}
    </span>
  );
}
