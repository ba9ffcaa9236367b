// The first output of a model as it is now: its number and a bar.
import type { Deployment } from "../../api/types";
import { useReading } from "../../api/hooks";
import { t } from "../../text";
import { decimalsOf, number, unit } from "../../text/format";

export function OutputNow({ deployment }: { deployment: Deployment }) {
  const output = deployment.runtime[0]?.outputs[0];
  const fresh = useReading(output?.tag);
  const reading = fresh ?? output?.reading;
  if (!output || typeof reading?.value !== "number") return <span className="calm-v sub">{t("models.noOutput")}</span>;
  return (
    <span className="calm-v">
      <span className="cap">{output.name}</span> <b>{number(reading.value, decimalsOf(reading.value))}</b> <span className="u">{unit((output as { unit?: string }).unit)}</span>
    </span>
  );
}
