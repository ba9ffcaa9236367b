// The triangles under a trend: one tap says who changed what and why. Marks that would touch are one mark.
import { useEffect, useRef, useState } from "react";
import { Link } from "@tanstack/react-router";
import { t } from "../text";
import { minute } from "../text/format";
import type { ChangeMark } from "./model";

/** Marks nearer than `share` of the span stand together. Exported for its test. */
export function together(marks: readonly ChangeMark[], from: number, to: number, share = 0.025): ChangeMark[][] {
  const groups: ChangeMark[][] = [];
  for (const mark of [...marks].sort((a, b) => a.time - b.time)) {
    const last = groups.at(-1);
    if (last && mark.time - last[0]!.time < (to - from) * share) last.push(mark);
    else groups.push([mark]);
  }
  return groups;
}

/** Nearer marks can't be told apart by a finger. */
const APART_PX = 40;

export function ChangeMarks({ marks, from, to, width }: { marks: ChangeMark[]; from: number; to: number; width: number }) {
  const [open, setOpen] = useState<string | null>(null);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open === null) return;
    const close = (event: PointerEvent | KeyboardEvent) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !host.current?.contains(event.target as Node)) setOpen(null);
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, [open]);

  return (
    <div className="marks" ref={host}>
      {together(marks, from, to, APART_PX / Math.max(1, width)).map((group) => {
        const first = group[0]!;
        const share = (first.time - from) / (to - from);
        const shown = open === first.id;
        return (
          <div key={first.id} className="mark-at" style={{ left: `${share * 100}%` }}>
            <button type="button" className="mark-tri" aria-expanded={shown} aria-label={t("trend.change", { n: group.length, time: minute(first.time), title: first.title })} onClick={() => setOpen(shown ? null : first.id)}>
              <i aria-hidden="true" />
            </button>
            {shown && (
              <div className={`mark-pop ${share > 0.5 ? "to-left" : ""}`} role="dialog" aria-label={t("trend.changeTitle")}>
                {group.slice(-4).map((mark) => (
                  <p key={mark.id}>
                    <b>
                      {minute(mark.time)} {mark.title}
                    </b>
                    <br />
                    {mark.detail}
                  </p>
                ))}
                <Link to="/changes" search={{ at: first.time }}>
                  {t("trend.openChanges")}
                </Link>
              </div>
            )}
          </div>
        );
      })}
    </div>
  );
}
