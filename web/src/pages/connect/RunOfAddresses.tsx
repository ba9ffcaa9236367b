// A run of like addresses: from, how many, which type.
import { useState } from "react";
import { t } from "../../text";
import { Button } from "../../ui/Button";
import { Choice, Field } from "../../ui/Field";
import { runOf } from "./parse";

const areas = ["holding", "input", "coil", "discrete"] as const;
const types = ["uint16", "int16", "float32", "uint32", "int32", "float64", "uint64", "int64"] as const;

export function RunOfAddresses({ onAdd, disabled }: { onAdd: (lines: string[]) => void; disabled: boolean }) {
  const [run, setRun] = useState({ area: "holding", first: "0", count: "8", type: "float32" });
  const bits = run.area === "coil" || run.area === "discrete";
  return (
    <details>
      <summary>{t("add.run")}</summary>
      <div className="run">
        <Choice label={t("add.area")} value={run.area} onChange={(event) => setRun({ ...run, area: event.target.value })}>
          {areas.map((area) => (
            <option key={area} value={area}>
              {area}
            </option>
          ))}
        </Choice>
        <Choice label={t("add.type")} value={run.type} disabled={bits} onChange={(event) => setRun({ ...run, type: event.target.value })}>
          {types.map((type) => (
            <option key={type} value={type}>
              {type}
            </option>
          ))}
        </Choice>
        <Field label={t("add.first")} value={run.first} inputMode="numeric" onChange={(event) => setRun({ ...run, first: event.target.value })} />
        <Field label={t("add.count")} value={run.count} inputMode="numeric" onChange={(event) => setRun({ ...run, count: event.target.value })} />
      </div>
      <Button disabled={disabled} onClick={() => onAdd(runOf(run.area, Number(run.first) || 0, Number(run.count) || 0, run.type))}>
        {t("add.addRun")}
      </Button>
    </details>
  );
}
