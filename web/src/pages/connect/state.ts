// How a device is, in sentences of the reader's language.
import type { Device } from "../../api/types";
import { t } from "../../text";
import { say } from "../../text/said";
import { clock, exactSpan, number, span } from "../../text/format";
import type { MarkName } from "../../ui/Mark";

/** A younger answer needs no age: a number that changes every second draws the eye for nothing. */
const QUIET_MS = 10_000;

/** The mark of a device, none while all is well. */
export function deviceMark(device: Device): MarkName | undefined {
  switch (device.state.kind) {
    case "not-answering":
      return "f";
    case "partly":
      return "s";
    default:
      return device.load.overloaded ? "s" : undefined;
  }
}

/** One or more sentences: how it is, since when, what is being tried. */
export function deviceSentence(device: Device, now: number): string {
  const { state } = device;
  const last = state.last_answer_ms;
  switch (state.kind) {
    case "reading":
      return last == null || now - last < QUIET_MS ? t("device.reading") : t("device.readingAge", { age: span(now - last) });
    case "connecting":
      return t("device.connecting");
    case "partly":
      return `${t("device.partly")} ${say(state.said, state.words)}`;
    case "not-answering": {
      const since = state.since_ms == null ? t("device.silentNow") : t("device.silent", { age: exactSpan(now - state.since_ms) });
      const answer = last == null ? t("device.neverAnswered") : t("device.lastAnswer", { time: clock(last) });
      const next = state.next_try_ms == null || state.next_try_ms <= now ? t("device.tryingNow") : t("device.tryingIn", { age: exactSpan(state.next_try_ms - now + 999) });
      return `${since} ${answer} ${next}`;
    }
  }
}

/** Share of the scans of the last 24 hours that began on time, over all groups; none before the first. */
export function keptShare(device: Pick<Device, "groups">): number | undefined {
  let kept = 0;
  let all = 0;
  for (const { day } of device.groups) {
    kept += day.kept;
    all += day.kept + day.late + day.missed;
  }
  return all === 0 ? undefined : kept / all;
}

/** The group that keeps its period worst; none before the first scan. */
export function worstGroup(device: Pick<Device, "groups">): Device["groups"][number] | undefined {
  const known = device.groups.filter(({ day }) => day.kept + day.late + day.missed > 0);
  const kept = ({ day }: Device["groups"][number]) => day.kept / (day.kept + day.late + day.missed);
  return known.sort((a, b) => kept(a) - kept(b))[0];
}

/** `99.98 %`, never rounded up to 100 when something was late. */
export function shareText(share: number): string {
  if (share === 1) return t("format.percent", { value: "100" });
  const floor = Math.floor(share * 10_000) / 100;
  return t("format.percent", { value: number(floor, 2) });
}

/** The part of a URL that people know: host, port and unit. */
export function addressOf(url: string): string {
  return url.replace(/^[\w+-]+:\/\/\/?/, "");
}
