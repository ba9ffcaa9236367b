// The chosen addresses with what they say now. Unit, scale and range are guessed (dashed) until somebody sets them.
// Rows that need a look come first; of a long list only the rows in sight are drawn.
import { Fragment, memo, useCallback, useEffect, useMemo, useState } from "react";
import { spoken } from "../../api/problem";
import type { TagFinding } from "../../api/types";
import { t, word } from "../../text";
import { decimalsFor, decimalsOf, number, short } from "../../text/format";
import { Mark } from "../../ui/Mark";
import { Seg } from "../../ui/Seg";
import { Spark } from "../../ui/Spark";
import { Empty } from "../../ui/States";
import { effective, type Row } from "./draft";
import { FindingLine, hasOrders, tiny } from "./Finding";
import { numberOf, pairOf, pairText } from "./parse";
import { useWindow } from "./useWindow";
import "../../ui/table.css";

interface AddressTableProps {
  rows: Row[];
  findings: ReadonlyMap<string, TagFinding[]>;
  /** The names under which rows will be saved, where they are not what one expects. */
  names: ReadonlyMap<string, string>;
  onRows: (change: (rows: Row[]) => Row[]) => void;
  /** Only the rows in sight are live. */
  some: boolean;
  onSeen: (keys: string[]) => void;
}

const ROW = 44;
const WITH_FINDING = ROW + 56;
/** With orders of bytes to choose from, the ways out take a line of their own. */
const WITH_ORDERS = ROW + 92;

function heightOf(row: Row, findings: ReadonlyMap<string, TagFinding[]>): number {
  const found = row.chosen ? findings.get(row.key) : undefined;
  if (!found) return ROW;
  return hasOrders(found[0]) ? WITH_ORDERS : WITH_FINDING;
}

/** A row that a person should look at. */
export function isOdd(row: Row, findings: ReadonlyMap<string, TagFinding[]>): boolean {
  return row.chosen && (findings.has(row.key) || row.latest?.quality === "bad");
}

export function AddressTable({ rows, findings, names, onRows, some, onSeen }: AddressTableProps) {
  // it comes with the first row, not with the page
  const [box, setBox] = useState<HTMLDivElement | null>(null);
  const [only, setOnly] = useState<"all" | "odd">("all");
  const first = useFirst(rows, findings, box);
  const shown = useMemo(() => {
    const odd = rows.filter((row) => first.has(row.key));
    return only === "odd" ? odd : [...odd, ...rows.filter((row) => !first.has(row.key))];
  }, [rows, first, only]);
  const heights = useMemo(() => shown.map((row) => heightOf(row, findings)), [shown, findings]);
  const sight = useWindow(box, heights);
  const inSight = useMemo(() => shown.slice(sight.first, sight.end).map((row) => row.key), [shown, sight.first, sight.end]);
  useEffect(() => onSeen(inSight), [inSight, onSeen]);
  const change = useCallback((key: string, part: Partial<Row>) => onRows((old) => old.map((row) => (row.key === key ? { ...row, ...part } : row))), [onRows]);
  if (rows.length === 0)
    return (
      <div className="addr-none">
        <Empty title={t("add.noRows")}>{t("add.noRowsText")}</Empty>
      </div>
    );
  const all = rows.every((row) => row.chosen);
  const odd = rows.filter((row) => isOdd(row, findings)).length;
  return (
    <div className="addr-side">
      <div className="ph">
        <h2>{t("add.rowsCount", { n: rows.length })}</h2>
        <span className="cap dashed">{t("add.dashed")}</span>
        <span className="grow" />
        <span className="cap nw">{t(some ? "import.liveSome" : "add.live")}</span>
        {(odd > 0 || only === "odd") && <Seg label={t("add.rows")} value={only} onChange={setOnly} options={[{ value: "all", text: t("import.all") }, { value: "odd", text: `${t("import.odd")} ${odd}` }]} />}
      </div>
      <div className="addr-table scroll" ref={setBox} tabIndex={0} role="group" aria-label={t("add.rows")}>
        {shown.length === 0 ? (
          <Empty title={t("import.noneOdd")}>{t("import.noneOddText")}</Empty>
        ) : (
          <table aria-rowcount={shown.length + 1}>
            <thead>
              <tr>
                <th className="c-take">
                  <input type="checkbox" className="cb" checked={all} aria-label={t("add.all")} onChange={() => onRows((old) => old.map((row) => ({ ...row, chosen: !all })))} />
                </th>
                <th>{t("tags.tag")}</th>
                <th className="c-minute">{t("tags.minute")}</th>
                <th className="r c-value">{t("tags.value")}</th>
                <th className="c-unit">{t("tag.unit")}</th>
                <th className="c-factor">{t("tag.factor")}</th>
                <th className="c-range">{t("tags.range")}</th>
              </tr>
            </thead>
            <tbody>
              {sight.before > 0 && <tr aria-hidden="true" style={{ height: sight.before }} />}
              {shown.slice(sight.first, sight.end).map((row, index) => (
                <AddressRow key={row.key} row={row} at={sight.first + index + 2} findings={row.chosen ? findings.get(row.key) : undefined} savedAs={names.get(row.key)} onChange={change} />
              ))}
              {sight.behind > 0 && <tr aria-hidden="true" style={{ height: sight.behind }} />}
            </tbody>
          </table>
        )}
      </div>
    </div>
  );
}

/** Which rows stand on top: those that need a look, and those that did. A row never moves away under a person's hand. */
function useFirst(rows: readonly Row[], findings: ReadonlyMap<string, TagFinding[]>, box: HTMLElement | null): ReadonlySet<string> {
  const [first, setFirst] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (box?.contains(document.activeElement) && document.activeElement?.tagName === "INPUT") return;
    const there = new Set(rows.map((row) => row.key));
    const wanted = new Set([...first].filter((key) => there.has(key)));
    for (const row of rows) if (isOdd(row, findings)) wanted.add(row.key);
    if (wanted.size !== first.size || [...wanted].some((key) => !first.has(key))) setFirst(wanted);
  }, [rows, findings, first, box]);
  return first;
}

function shownValue(row: Row): string {
  const { factor, offset, range } = effective(row);
  const value = row.latest?.value;
  if (typeof value === "boolean") return t(value ? "value.true" : "value.false");
  if (typeof value === "string") return value;
  if (typeof value !== "number") return "";
  const scaled = value * factor + offset;
  const size = Math.abs(scaled);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return tiny(scaled);
  return number(scaled, range ? decimalsFor(range[1] - range[0]) : decimalsOf(scaled));
}

interface AddressRowProps {
  row: Row;
  at: number;
  findings: TagFinding[] | undefined;
  savedAs: string | undefined;
  onChange: (key: string, part: Partial<Row>) => void;
}

const AddressRow = memo(function AddressRow({ row, at, findings, savedAs, onChange: put }: AddressRowProps) {
  const onChange = (part: Partial<Row>) => put(row.key, part);
  const now = effective(row);
  const bad = row.latest?.quality === "bad";
  const finding = findings?.[0];
  const isNumber = typeof row.latest?.value === "number" || row.latest === undefined;
  const name = row.label || row.address;
  const guessedScale = row.factor === undefined && row.points === undefined;
  return (
    <Fragment>
      <tr aria-rowindex={at} className={`${finding ? `odd odd-head ${finding.level}` : ""} ${row.chosen ? "" : "unchosen"}`}>
        <td className="c-take">
          <input type="checkbox" className="cb" checked={row.chosen} aria-label={t("add.take", { name })} onChange={() => onChange({ chosen: !row.chosen })} />
        </td>
        <td>
          <Cell value={row.label} label={t("add.nameOf", { name: row.address })} placeholder={row.address} guessed={false} onSet={(label) => onChange({ label, name: undefined })} kind="wide" />
          {row.label && <span className="cap block cut">{savedAs ? `${row.address} · ${t("import.savedAs", { name: savedAs })}` : row.address}</span>}
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
            <b>{shownValue(row)}</b>
          ) : (
            <span className="sub">{t("value.notYet")}</span>
          )}
        </td>
        {bad ? (
          <td colSpan={3} className="bad">
            {row.latest?.problem ? spoken(row.latest.problem).what : word("quality", row.latest?.status)}
          </td>
        ) : (
          <>
            <td>
              <Cell kind="unit" value={now.unit} label={t("add.unitOf", { name })} guessed={row.unit === undefined} onSet={(unit) => onChange({ unit })} />
            </td>
            <td>{isNumber && <Cell kind="factor" value={short(now.factor)} label={t("add.factorOf", { name })} guessed={guessedScale} onSet={(text) => onChange({ factor: numberOf(text) ?? row.factor })} />}</td>
            <td>{isNumber && <Cell kind="range" value={pairText(now.range)} label={t("add.rangeOf", { name })} guessed={row.range === undefined} onSet={(text) => onChange({ range: text.trim() === "" ? undefined : (pairOf(text) ?? row.range) })} />}</td>
          </>
        )}
      </tr>
      {finding && (
        <tr className={`odd odd-why ${finding.level} ${hasOrders(finding) ? "orders-too" : ""}`}>
          <td colSpan={7}>
            <FindingLine finding={finding} more={(findings?.length ?? 1) - 1} onChange={onChange} />
          </td>
        </tr>
      )}
    </Fragment>
  );
});

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
