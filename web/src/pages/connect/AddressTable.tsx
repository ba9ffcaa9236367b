// The chosen addresses with what they say now. Unit, scale and range are guessed (dashed) until somebody sets them.
import { Fragment, useState } from "react";
import { t } from "../../text";
import { band, decimalsFor, decimalsOf, number, short } from "../../text/format";
import { Button } from "../../ui/Button";
import { Mark } from "../../ui/Mark";
import { Spark } from "../../ui/Spark";
import { Empty } from "../../ui/States";
import { word } from "../../text";
import { effective, type Row } from "./draft";
import { misfit, type Misfit } from "./guess";
import { numberOf, pairOf, pairText } from "./parse";
import "../../ui/table.css";

interface AddressTableProps {
  rows: Row[];
  onRows: (change: (rows: Row[]) => Row[]) => void;
}

export function AddressTable({ rows, onRows }: AddressTableProps) {
  if (rows.length === 0)
    return (
      <div className="addr-none">
        <Empty title={t("add.noRows")}>{t("add.noRowsText")}</Empty>
      </div>
    );
  const change = (address: string, part: Partial<Row>) => onRows((old) => old.map((row) => (row.address === address ? { ...row, ...part } : row)));
  const all = rows.every((row) => row.chosen);
  return (
    <div className="addr-table scroll" tabIndex={0} role="group" aria-label={t("add.rows")}>
      <div className="ph">
        <h2>{t("add.rowsCount", { n: rows.length })}</h2>
        <span className="cap cut">{t("add.dashed")}</span>
        <span className="grow" />
        <span className="cap nw">{t("add.live")}</span>
      </div>
      <table>
        <thead>
          <tr>
            <th>
              <input type="checkbox" className="cb" checked={all} aria-label={t("add.all")} onChange={() => onRows((old) => old.map((row) => ({ ...row, chosen: !all })))} />
            </th>
            <th>{t("tags.tag")}</th>
            <th>{t("tags.minute")}</th>
            <th className="r">{t("tags.value")}</th>
            <th>{t("tag.unit")}</th>
            <th>{t("tag.factor")}</th>
            <th>{t("tags.range")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <AddressRow key={row.address} row={row} onChange={(part) => change(row.address, part)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shown(row: Row): string {
  const { factor, range } = effective(row);
  const value = row.latest?.value;
  if (typeof value === "boolean") return t(value ? "value.true" : "value.false");
  if (typeof value === "string") return value;
  if (typeof value !== "number") return "";
  const scaled = value * factor;
  return number(scaled, range ? decimalsFor(range[1] - range[0]) : decimalsOf(scaled));
}

function AddressRow({ row, onChange }: { row: Row; onChange: (part: Partial<Row>) => void }) {
  const now = effective(row);
  const bad = row.latest?.quality === "bad";
  const finding = row.chosen && !bad ? misfit(row.latest?.value, now.factor, now.unit, now.range) : undefined;
  const isNumber = typeof row.latest?.value === "number" || row.latest === undefined;
  const name = row.label || row.address;
  return (
    <Fragment>
      <tr className={`${finding ? "odd odd-head" : ""} ${row.chosen ? "" : "unchosen"}`}>
        <td>
          <input type="checkbox" className="cb" checked={row.chosen} aria-label={t("add.take", { name })} onChange={() => onChange({ chosen: !row.chosen })} />
        </td>
        <td>
          <Cell value={row.label} label={t("add.nameOf", { name: row.address })} placeholder={row.address} guessed={false} onSet={(label) => onChange({ label })} kind="wide" />
          {row.label && <span className="cap block">{row.address}</span>}
        </td>
        <td className="sparkw">
          <Spark points={row.minute} missing={bad} />
        </td>
        <td className="r nw">
          {bad ? (
            <span className="bad row">
              <Mark name="f" size={16} />
              <b>{t("value.none")}</b>
            </span>
          ) : row.latest ? (
            <b>{shown(row)}</b>
          ) : (
            <span className="sub">{t("value.notYet")}</span>
          )}
        </td>
        {bad ? (
          <td colSpan={3} className="bad">
            {row.latest?.problem?.what ?? word("quality", row.latest?.status)}
          </td>
        ) : (
          <>
            <td>
              <Cell kind="unit" value={now.unit} label={t("add.unitOf", { name })} guessed={row.unit === undefined} onSet={(unit) => onChange({ unit })} />
            </td>
            <td>{isNumber && <Cell kind="factor" value={short(now.factor)} label={t("add.factorOf", { name })} guessed={row.factor === undefined} onSet={(text) => onChange({ factor: numberOf(text) ?? row.factor })} />}</td>
            <td>{isNumber && <Cell kind="range" value={pairText(now.range)} label={t("add.rangeOf", { name })} guessed={row.range === undefined} onSet={(text) => onChange({ range: text.trim() === "" ? undefined : (pairOf(text) ?? row.range) })} />}</td>
          </>
        )}
      </tr>
      {finding && (
        <tr className="odd odd-why">
          <td />
          <td colSpan={6}>
            <Finding finding={finding} unit={now.unit} onChange={onChange} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}

function Finding({ finding, unit, onChange }: { finding: Misfit; unit: string; onChange: (part: Partial<Row>) => void }) {
  const { fit } = finding;
  return (
    <div className="row">
      <Mark name="s" size={16} />
      <span className="grow">
        <b>{t("add.outside", { value: short(finding.value), range: band(finding.low, finding.high), unit })}</b>{" "}
        {fit && ("unit" in fit ? t("add.fitsUnit", { other: fit.unit, becomes: short(fit.becomes), unit }) : t("add.fitsFactor", { factor: short(fit.factor), becomes: short(fit.becomes), unit }))}
      </span>
      {fit && (
        <Button onClick={() => onChange("unit" in fit ? { unit: fit.unit, range: fit.range } : { factor: fit.factor })}>{"unit" in fit ? t("add.use", { what: fit.unit }) : t("add.use", { what: short(fit.factor) })}</Button>
      )}
      <Button kind="quiet" onClick={() => onChange({ range: [Math.min(finding.low, Math.floor(finding.value)), Math.max(finding.high, Math.ceil(finding.value))] })}>
        {t("add.widen")}
      </Button>
    </div>
  );
}

/** A value that is edited in place; dashed while it is only guessed. */
function Cell({ value, label, guessed, placeholder, kind, onSet }: { value: string; label: string; guessed: boolean; placeholder?: string; kind: "wide" | "unit" | "factor" | "range"; onSet: (text: string) => void }) {
  const [text, setText] = useState<string>();
  return (
    <input
      className={`e ${guessed ? "" : "set"} ${kind}`}
      aria-label={label}
      placeholder={placeholder}
      value={text ?? value}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => {
        if (text !== undefined && text !== value) onSet(text);
        setText(undefined);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") setText(undefined);
      }}
    />
  );
}
