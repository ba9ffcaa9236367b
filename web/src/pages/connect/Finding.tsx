// What is wrong or odd about one row, with ways out: another word order, unit, scale or type, or a wider range.
import type { TagFinding, TagFix } from "../../api/types";
import { t } from "../../text";
import { short } from "../../text/format";
import { Button } from "../../ui/Button";
import { Mark } from "../../ui/Mark";
import { fixed, type Row } from "./draft";
import { sentence } from "./Report";

/** Whether it can be read in another order of bytes. */
export function hasOrders(finding: TagFinding | undefined): boolean {
  return finding?.fixes?.some((fix) => fix.change === "word-order") ?? false;
}

export function FindingLine({ finding, more, onChange }: { finding: TagFinding; more: number; onChange: (part: Partial<Row>) => void }) {
  const fixes = finding.fixes ?? [];
  const orders = fixes.filter((fix) => fix.change === "word-order");
  const others = fixes.filter((fix) => fix.change !== "word-order" && fix.change !== "name").slice(0, 2);
  const outside = finding.code === "tag.value-outside";
  const { value, low, high } = finding.words;
  return (
    <div className="finding">
      <Mark name={finding.level === "stop" ? "f" : "s"} size={16} />
      <span className="says" title={sentence("finding", { ...finding, hint: finding.hint ?? undefined })}>
        <b>{sentence("finding", { ...finding, hint: finding.hint ?? undefined })}</b> {orders.length > 0 && t("finding.byteOrder")}
        {more > 0 && <span className="cap"> +{more}</span>}
      </span>
      {orders.length > 0 && (
        <span className="orders" role="group" aria-label={t("finding.byteOrder")}>
          {orders.map((fix) => (
            <Order key={fix.order} fix={fix} onUse={() => onChange(fixed(fix))} />
          ))}
        </span>
      )}
      {others.map((fix) => (
        <Button key={fix.change} onClick={() => onChange(fixed(fix))}>
          {useWords(fix)}
        </Button>
      ))}
      {outside && orders.length === 0 && (
        <Button kind="quiet" onClick={() => onChange({ range: [Math.min(Number(low), Math.floor(Number(value))), Math.max(Number(high), Math.ceil(Number(value)))] })}>
          {t("add.widen")}
        </Button>
      )}
    </div>
  );
}

function useWords(fix: TagFix): string {
  const what = fix.unit ?? fix.address ?? (fix.factor == null ? "" : short(fix.factor));
  return fix.becomes == null ? t("finding.use", { what }) : t("finding.useBecomes", { what, value: shown(fix.becomes) });
}

/** What an order would read; numbers that no instrument has are said in short. */
function shown(value: number | null | undefined): string {
  if (value == null) return t("finding.noValue");
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e7) ? tiny(value) : short(Number(value.toPrecision(5)));
}

/** `1.3e-38` with the decimal sign of the language. */
export function tiny(value: number): string {
  const [digits, power] = value.toExponential(1).split("e");
  return `${short(Number(digits))}e${power}`;
}

function Order({ fix, onUse }: { fix: TagFix; onUse: () => void }) {
  const value = shown(fix.becomes);
  return (
    <button type="button" className={`order ${fix.fits ? "fits" : ""}`} onClick={onUse} aria-label={t("finding.order", { order: fix.order ?? "", value })}>
      {fix.order} <b>{value}</b>
    </button>
  );
}
