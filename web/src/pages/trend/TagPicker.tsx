// Which tags: found by name, place or unit; those of this line first.
import { useMemo, useState } from "react";
import type { Tag } from "../../api/types";
import { localised, t } from "../../text";
import { unit } from "../../text/format";
import { Button } from "../../ui/Button";
import { Skeleton } from "../../ui/States";
import { within } from "../line/select";
import "../../ui/field.css";

const SHOWN = 120;

/** Tags for the picker: every word must be in the name, the label or the unit; those of a place first. Pure. */
export function pickable(tags: readonly Tag[], filter: string, place: string): Tag[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = tags.filter((tag) => {
    const text = `${tag.name} ${Object.values(tag.label).join(" ")} ${tag.unit}`.toLowerCase();
    return tag.value_type !== "text" && words.every((one) => text.includes(one));
  });
  return [...fits.filter((tag) => within(tag.place, place)), ...fits.filter((tag) => !within(tag.place, place))];
}

interface TagPickerProps {
  tags: Tag[] | undefined;
  chosen: string[];
  most: number;
  start: string;
  onChange: (names: string[]) => void;
  onClose: (() => void) | undefined;
}

export function TagPicker({ tags, chosen, most, start, onChange, onClose }: TagPickerProps) {
  const [filter, setFilter] = useState("");
  const found = useMemo(() => pickable(tags ?? [], filter, start), [tags, filter, start]);
  return (
    <section className="panel picker" aria-label={t("trend.pick")}>
      <div className="ph">
        <input className="in" type="search" aria-label={t("tags.find")} placeholder={t("tags.find")} value={filter} onChange={(event) => setFilter(event.target.value)} />
        {onClose && <Button onClick={onClose}>{t("action.done")}</Button>}
      </div>
      {!tags ? (
        <Skeleton rows={6} />
      ) : (
        <ul className="scroll">
          {found.slice(0, SHOWN).map((tag) => {
            const on = chosen.includes(tag.name);
            return (
              <li key={tag.name}>
                <label>
                  <input type="checkbox" checked={on} disabled={!on && chosen.length >= most} onChange={() => onChange(on ? chosen.filter((one) => one !== tag.name) : [...chosen, tag.name])} />
                  <span className="grow">
                    <span className="cut block">{localised(tag.label) || tag.name}</span>
                    <span className="cap cut block">{tag.place}</span>
                  </span>
                  <span className="cap">{unit(tag.unit)}</span>
                </label>
              </li>
            );
          })}
          {found.length === 0 && <li className="sub none">{t("trend.noneFound")}</li>}
          {found.length > SHOWN && <li className="sub none">{t("trend.moreFound", { n: found.length - SHOWN })}</li>}
        </ul>
      )}
    </section>
  );
}
