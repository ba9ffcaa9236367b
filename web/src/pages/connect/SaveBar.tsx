// What will be read, what it costs the device, where it belongs; and the one button.
import type { ReactNode } from "react";
import type { ApiProblem } from "../../api/problem";
import type { DeviceTest, Place } from "../../api/types";
import { t } from "../../text";
import { number } from "../../text/format";
import { Choice } from "../../ui/Field";
import { Mark } from "../../ui/Mark";
import { Refused } from "../../ui/States";
import { misfitSentence, scanFooting, scanSentence } from "./load";

interface SaveBarProps {
  /** There is an address to read from. */
  ready: boolean;
  /** Why this person may not save, and who could. */
  refused: string | undefined;
  test: DeviceTest | undefined;
  chosen: number;
  looks: number;
  /** Tags that can't be saved as they are. */
  stops: number;
  /** Only the rows in sight were tried, so what the device has to give is not known. */
  some: boolean;
  place: string;
  places: Place[];
  onPlace: (place: string) => void;
  period: string;
  problem: ApiProblem | undefined;
  children: ReactNode;
}

export function SaveBar({ ready, refused, test, chosen, looks, stops, some, place, places, onPlace, period, problem, children }: SaveBarProps) {
  const scan = test?.scan_time;
  const misfit = scan && misfitSentence(scan);
  return (
    <div className="panel save">
      <div className="k">
        <b>{t("connect.tagCount", { n: chosen })}</b>
        {t("add.every", { period: period.replace(/(\d)([a-z])/g, "$1\u202f$2") })}
      </div>
      {test?.budget_percent != null && !some && (
        <div className="k">
          <b>{t("add.budget", { value: number(test.budget_percent, test.budget_percent < 10 ? 1 : 0) })}</b>
          {t("add.requests", { n: test.blocks.length })}
        </div>
      )}
      {scan && (
        <div className="scan-time" role="status">
          {misfit && <Mark name="s" size={16} />}
          <span>
            {scanSentence(scan)} {misfit && <b>{misfit}</b>}
            <span className="cap block">{scanFooting(scan)}</span>
          </span>
        </div>
      )}
      <Choice label={t("add.place")} value={place} onChange={(event) => onPlace(event.target.value)}>
        <option value="">{t("who.wholeSite")}</option>
        {places
          .filter((one) => one.path !== "")
          .map((one) => (
            <option key={one.path} value={one.path}>
              {one.name} · {one.path}
            </option>
          ))}
      </Choice>
      <span className="grow">
        {problem ? (
          <Refused problem={problem} />
        ) : refused !== undefined ? (
          <span className="cap">{refused}</span>
        ) : stops > 0 ? (
          <span className="mk f save-look bad">
            <Mark name="f" size={16} />
            {t("import.stops", { n: stops })}
          </span>
        ) : !ready ? (
          <span className="cap">{t("add.noAddress")}</span>
        ) : looks > 0 ? (
          <span className="mk s save-look">
            <Mark name="s" size={16} />
            {t("add.looks", { n: looks })}
          </span>
        ) : null}
      </span>
      {children}
    </div>
  );
}
