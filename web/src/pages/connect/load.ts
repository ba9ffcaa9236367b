// How busy a line is, what a scan takes and what would help, in sentences of the reader's language. What is too much, the edge says.
import type { Device, DeviceLoad, ScanTime } from "../../api/types";
import { list, t, word } from "../../text";
import { number, span } from "../../text/format";
import { shareText, worstGroup } from "./state";

/** A length of time in a sentence about scans: `220 ms`, `0.62 s`, `18.6 s`, `2 min`. */
export function time(ms: number): string {
  if (ms < 100) return t("format.ms", { value: number(ms, ms < 10 ? 1 : 0) });
  if (ms < 1000 && Number.isInteger(ms)) return t("format.ms", { value: number(ms) });
  if (ms < 120_000) {
    const seconds = ms / 1000;
    const decimals = Number.isInteger(seconds) ? 0 : seconds < 10 ? 2 : 1;
    return t("format.seconds", { value: number(seconds, decimals) });
  }
  return span(ms);
}

/** "Keeps its 1 s on 99.8 % of scans; 14 late today, …" and, when it is too much, how busy the line is and what helps. */
export function loadSentence(device: Device): string | undefined {
  const group = worstGroup(device);
  if (!group) return undefined;
  const { day } = group;
  const share = day.kept / (day.kept + day.late + day.missed);
  const period = time(group.period_ms);
  const lapses = [];
  if (day.late > 0) lapses.push(t("load.late", { n: day.late, worst: time(Math.round(day.worst_ms)) }));
  if (day.missed > 0) lapses.push(t("load.missed", { n: day.missed }));
  const keeps = lapses.length === 0 ? t("load.keepsAll", { period }) : t("load.keeps", { period, share: shareText(share), what: list(lapses, "conjunction") });
  return device.load.overloaded ? `${keeps} ${busySentence(device.load)} ${helps(device.load.hints, device.load)}` : keeps;
}

function busySentence(load: DeviceLoad): string {
  if (load.line_percent == null) return "";
  const percent = number(load.line_percent);
  return load.serial ? t("load.lineBusy", { percent, n: load.on_line }) : t("load.connectionBusy", { percent });
}

function helps(hints: DeviceLoad["hints"], load: { keeps_ms?: number | null | undefined; silent_percent?: number | null | undefined }): string {
  const period = load.keeps_ms == null ? "" : time(load.keeps_ms);
  const said = hints
    .filter((hint) => hint !== "longer-period" || period !== "")
    .map((hint) => (hint === "longer-period" ? t("load.hint.longer-period", { period }) : hint === "silent-units" ? t("load.hint.silent-units", { percent: number(load.silent_percent ?? 0) }) : word("load.hint", hint)));
  return said.length === 0 ? "" : t("load.helps", { what: list(said, "disjunction") });
}

/** "These 48 tags take 0.62 s per scan at 9,600 baud; with 30 other units on this line 18.6 s." */
export function scanSentence(scan: ScanTime): string {
  const takes = scan.baud == null ? t("scanTime.takes", { n: scan.tags, time: time(scan.scan_ms) }) : t("scanTime.takesAt", { n: scan.tags, time: time(scan.scan_ms), baud: number(scan.baud) });
  const others = scan.others === 0 ? "" : ` ${t("scanTime.others", { n: scan.others, time: time(scan.round_ms) })}`;
  return takes + others;
}

/** "You asked for 1 s; it keeps 20.7 s. What helps: …"; none while it fits. */
export function misfitSentence(scan: ScanTime): string | undefined {
  if (scan.fits) return undefined;
  const asked = t("scanTime.asked", { period: time(scan.period_ms), keeps: time(scan.keeps_ms), percent: number(scan.busy_percent) });
  return `${asked} ${helps(scan.hints, { keeps_ms: scan.allow_ms })}`;
}

/** What the figures stand on. */
export function scanFooting(scan: ScanTime): string {
  const turnaround = time(scan.turnaround_ms);
  return scan.measured ? t("scanTime.measured", { turnaround, n: scan.requests }) : t("scanTime.assumed", { turnaround, n: scan.requests });
}
