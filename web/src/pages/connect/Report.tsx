// The report of an import as sentences: what was not taken first, then what was assumed, then what was left aside.
import type { Imported, ImportRemark } from "../../api/types";
import { isKey, t } from "../../text";
import { short } from "../../text/format";
import { Hollow, Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";

/** The sentence in the reader's language; what the server says when the catalogue does not know it. */
export function sentence(prefix: "remark" | "finding", one: { code: string; what: string; hint?: string | undefined; words: Record<string, string> }): string {
  const key = `${prefix}.${one.code}`;
  if (!isKey(key)) return [one.what, one.hint].filter(Boolean).join(". ");
  const word = (name: string, value: string) => {
    const column = `column.${value}`;
    if (name === "column" && isKey(column)) return t(column);
    if (name === "columns") return value.split(", ").map((part) => (isKey(`column.${part}`) ? t(`column.${part}` as "column.name") : part)).join(", ");
    return /^-?\d+(\.\d+)?$/.test(value) && ["value", "low", "high", "least", "most"].includes(name) ? short(Number(value)) : value;
  };
  const params = Object.fromEntries(Object.entries(one.words).map(([name, value]) => [name, word(name, value)]));
  return t(key, params).replace(/\s+\./g, ".");
}

export function Report({ imported }: { imported: Imported }) {
  const count = (kind: ImportRemark["kind"]) => imported.report.filter((remark) => remark.kind === kind).length;
  const parts = [
    count("not-taken") > 0 && t("import.notTaken", { n: count("not-taken") }),
    count("assumed") > 0 && t("import.assumed", { n: count("assumed") }),
    count("left-aside") > 0 && t("import.leftAside", { n: count("left-aside") }),
  ].filter(Boolean);
  if (imported.report.length === 0)
    return (
      <p className="cap import-fine row">
        <Icon name="ok" size={16} />
        {t("import.allUnderstood")}
      </p>
    );
  return (
    <section className="report" aria-label={t("import.report")}>
      <h3>
        {t("import.report")}
        <span className="cap">{parts.join(" · ")}</span>
      </h3>
      <ul>
        {imported.report.map((remark, index) => (
          <li key={index} className={remark.kind}>
            {remark.kind === "not-taken" ? <Mark name="s" size={16} /> : remark.kind === "assumed" ? <Hollow size={16} /> : <Icon name="minus" size={16} />}
            <span>
              {remark.line != null && <span className="cap">{t("import.line", { n: remark.line })} </span>}
              {sentence("remark", { ...remark, hint: remark.hint ?? undefined })}
            </span>
          </li>
        ))}
      </ul>
      {imported.more > 0 && <p className="cap">{t("import.more", { n: imported.more })}</p>}
    </section>
  );
}
