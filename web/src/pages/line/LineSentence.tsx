// Is it fine? One sentence beside the name of the line.
import { useSyncExternalStore } from "react";
import { useQuery } from "@tanstack/react-query";
import { live, useNow } from "../../api/hooks";
import type { Advisory, Place, Tag } from "../../api/types";
import { deploymentsQuery, devicesQuery } from "../../api/queries";
import { T, t } from "../../text";
import { exactSpan } from "../../text/format";
import { Mark } from "../../ui/Mark";
import { within } from "./select";

interface SentenceProps {
  tags: readonly string[];
  byName: Map<string, Tag>;
  line: string;
  advice: Advisory[];
  places: Map<string, Place>;
  lost: boolean;
}

/** How many of these tags have no value and how many are old; as one string, so that React sees when it changes. */
function counts(tags: readonly string[]): string {
  let bad = 0;
  let old = 0;
  for (const name of tags) {
    const reading = live.reading(name);
    if (!reading) continue;
    if (reading.quality === "bad") bad += 1;
    else if (reading.stale) old += 1;
  }
  return `${bad},${old}`;
}

export function LineSentence({ tags, line, advice, places, lost }: SentenceProps) {
  const devices = useQuery(devicesQuery);
  const deployments = useQuery(deploymentsQuery);
  const now = useNow(1000);
  const subscribe = (listener: () => void) => {
    const stops = tags.map((name) => live.onTag(name, listener));
    return () => stops.forEach((stop) => stop());
  };
  const [bad = 0, old = 0] = useSyncExternalStore(subscribe, () => counts(tags)).split(",").map(Number);
  if (lost) return <p className="line-say">{t("line.sayLost")}</p>;
  const silent = (devices.data ?? []).filter((one) => one.state.kind === "not-answering" && (within(one.place, line) || within(line, one.place)));
  const models = (deployments.data ?? []).filter((one) => within(one.place, line));
  const mute = models.filter((one) => one.mode !== "off" && one.runtime.some((place) => place.health === "failed" || place.health === "no-input")).length;
  const behind = models.filter((one) => one.runtime.some((place) => place.load.overloaded)).length;
  const first = advice[0];
  const where = first ? (places.get(first.place)?.name ?? first.place) : "";
  const oneWhere = advice.every((one) => one.place === first?.place);
  return (
    <p className="line-say" role="status">
      {first ? <b>{oneWhere ? t("line.sayAdviceAt", { n: advice.length, place: where }) : t("line.sayAdvice", { n: advice.length })}</b> : bad + old + silent.length + mute + behind === 0 ? <T k="line.sayFine" /> : null}{" "}
      {silent.length > 0 && (
        <span className="say-mark">
          <Mark name="f" size={16} />
        </span>
      )}
      {silent.map((one) => t("line.saySilent", { device: one.name, age: exactSpan(now - (one.state.last_answer_ms ?? one.state.since_ms ?? now)) })).join(" ")} {bad > 0 && t("line.sayBad", { n: bad })}{" "}
      {old > 0 && t("line.sayOld", { n: old })} {mute > 0 && t("line.sayMute", { n: mute })} {behind > 0 && t("line.sayBehind", { n: behind })}
    </p>
  );
}
