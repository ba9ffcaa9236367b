// The first output of a model as it is now: its number and a bar.
import type { Deployment, Tag } from "../../api/types";
import { decimalsOfTag } from "../../ui/value";
import { useReading } from "../../api/hooks";
import { localised, t } from "../../text";
import { number, unit } from "../../text/format";

export function OutputNow({ deployment, tags }: { deployment: Deployment; tags?: Map<string, Tag> | undefined }) {
  const output = deployment.runtime[0]?.outputs[0];
  const fresh = useReading(output?.tag);
  const reading = fresh ?? output?.reading;
  const tag = tags?.get(output?.tag ?? "");
  // switched off it owes nobody an answer
  if (deployment.mode === "off") return null;
  if (deployment.runtime[0]?.health === "not-applicable") return <span className="calm-v sub">{t("value.notApplicable")}</span>;
  if (reading?.quality === "bad") return <span className="calm-v sub">{t("value.none")}</span>;
  if (!output || typeof reading?.value !== "number") return <span className="calm-v sub">{t("models.noOutput")}</span>;
  return (
    <span className="calm-v">
      <span className="cap">{localised(tag?.label) || output.name}</span> <b>{number(reading.value, decimalsOfTag(tag, reading.value))}</b> <span className="u">{unit(tag?.unit)}</span>
    </span>
  );
}
