// Strips of one time span under each other: label and value left, plot, two axis numbers right; change marks and times below.
import { useId, useMemo, useRef, useState, type ReactNode } from "react";
import { useWidth } from "./useWidth";
import { number, short } from "../text/format";
import * as format from "../text/format";
import { t } from "../text";
import { Plot } from "./Plot";
import { ends, indexAt, ticks, timeTicks, zoneOffset, type ChangeMark, type Gap, type Strip } from "./model";
import { ChangeMarks } from "./ChangeMarks";
import "./trend.css";

interface TrendStackProps {
  strips: Strip[];
  from: number;
  to: number;
  /** What stands under the label while nobody points at a time: the live value. */
  now: (tag: string) => ReactNode;
  marks: ChangeMark[];
  /** When the advice was raised. */
  since?: number | undefined;
  /** Tags whose line turns blue from then on; all when left away. */
  blue?: readonly string[];
  onStrip?: (tag: string) => void;
  /** At the right of a label, for example to take the strip away. */
  tool?: (tag: string) => ReactNode;
}

export function TrendStack({ strips, from, to, now, marks, since, blue, onStrip, tool }: TrendStackProps) {
  const syncKey = useId();
  const [cursor, setCursor] = useState<number | null>(null);
  const left = (time: number) => `${(((time - from) / (to - from)) * 100).toFixed(3)}%`;
  const inside = (time: number) => time >= from && time <= to;
  const foot = useRef<HTMLDivElement>(null);
  const width = useWidth(foot);
  const daily = to - from > 36 * 3_600_000;
  const times = useMemo(() => timeTicks(from, to, Math.max(1, Math.floor(width / 56)), zoneOffset(format.plantZone(), from)), [from, to, width]);

  return (
    <div className="stack">
      <div className="stack-body" onPointerLeave={() => setCursor(null)}>
        {strips.map((strip, index) => (
          <StripRow
            key={strip.tag}
            strip={strip}
            from={from}
            to={to}
            since={since !== undefined && (!blue || blue.includes(strip.tag)) ? since : undefined}
            syncKey={syncKey}
            cursor={cursor}
            onCursor={setCursor}
            now={now}
            showReason={index === 0}
            low={since !== undefined}
            onStrip={onStrip}
            tool={tool}
          />
        ))}
        <div className="stack-over" aria-hidden="true">
          {marks.filter((mark) => inside(mark.time)).map((mark) => (
            <i key={mark.id} className="chg" style={{ left: left(mark.time) }} />
          ))}
          {since !== undefined && inside(since) && (
            <i className={`since ${(since - from) / (to - from) < 0.2 ? "flip" : ""}`} style={{ left: left(since) }}>
              <span>{t("trend.advice", { time: format.minute(since) })}</span>
            </i>
          )}
        </div>
      </div>
      <div className="stack-foot" ref={foot}>
        {times.map((time) => {
          const share = (time - from) / (to - from);
          return share > 0.02 && share < 0.98 ? (
            <span key={time} style={{ left: left(time) }}>
              {daily ? format.day(time) : format.minute(time)}
            </span>
          ) : null;
        })}
        {cursor !== null && (
          <b className="at" style={{ left: left(Math.min(Math.max(cursor, from), to)) }}>
            {format.clock(cursor)}
          </b>
        )}
        <ChangeMarks marks={marks.filter((mark) => inside(mark.time))} from={from} to={to} width={width} />
      </div>
    </div>
  );
}

interface StripRowProps extends Pick<TrendStackProps, "from" | "to" | "since" | "now" | "onStrip" | "tool"> {
  strip: Strip;
  syncKey: string;
  cursor: number | null;
  onCursor: (time: number | null) => void;
  showReason: boolean;
  /** The reason one line lower, because the word of the advice stands in the first. */
  low: boolean;
}

function StripRow({ strip, from, to, since, syncKey, cursor, onCursor, now, showReason, low: lower, onStrip, tool }: StripRowProps) {
  const [low, high] = ends(strip);
  const gaps = strip.data?.gaps ?? [];
  const top = (value: number) => `${(((high - value) / (high - low)) * 100).toFixed(2)}%`;
  const marks = strip.data?.times.length === 0 ? [] : strip.limit && !strip.band ? [strip.limit.value] : ticks(low, high, strip.band);
  const at = cursor === null || !strip.data ? -1 : indexAt(strip.data.times, cursor);
  const seen = at >= 0 ? strip.data?.mean[at] : undefined;
  const label = onStrip ? (
    <button type="button" className="strip-name" onClick={() => onStrip(strip.tag)}>
      {strip.label}
    </button>
  ) : (
    <span className="strip-name">{strip.label}</span>
  );
  return (
    <div className="strip">
      <div className="strip-l">
        {label}
        <span className="strip-v">
          {cursor === null ? (
            now(strip.tag)
          ) : (
            <span className="at">
              <b>{seen == null ? "\u2013" : number(seen, strip.decimals)}</b> <span className="u">{strip.unit}</span>
            </span>
          )}
        </span>
        {strip.note && <span className="cap strip-note">{strip.note}</span>}
        {tool?.(strip.tag)}
      </div>
      <div className="strip-p">
        <Plot strip={strip} from={from} to={to} since={since} syncKey={syncKey} onCursor={onCursor} />
        {gaps.map((gap) => (
          <Hatch key={gap.from} gap={gap} from={from} to={to} reason={showReason && !gaps.some((other) => covers(other, gap))} lower={lower} />
        ))}
        {strip.data && strip.data.times.length === 0 && strip.data.gaps.length === 0 && <span className="strip-none cap">{t("trend.none")}</span>}
      </div>
      <div className="strip-a" aria-hidden="true">
        {marks.map((value) => (
          <span key={value} style={{ top: `clamp(6px, ${top(value)}, calc(100% - 6px))` }}>
            {short(value)}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The longer of two gaps says its reason for both. */
function covers(other: Gap, gap: Gap): boolean {
  return other !== gap && other.from <= gap.from && other.to >= gap.to && other.to - other.from > gap.to - gap.from;
}

function Hatch({ gap, from, to, reason, lower }: { lower: boolean; gap: Gap; from: number; to: number; reason: boolean }) {
  const start = Math.max(gap.from, from);
  const end = Math.min(gap.to, to);
  if (end <= start) return null;
  const share = (start - from) / (to - from);
  const size = (end - start) / (to - from);
  // before the first sample there is nothing to miss
  const early = gap.from <= from + (to - from) * 0.02 && gap.plain === true;
  const text = gap.empty ? (gap.reason ?? "") : gap.reason && gap.plain !== true ? t("trend.noDataWhy", { why: gap.reason }) : t("trend.noData");
  return (
    <div className={`gap ${early ? "early" : ""}`} role="img" aria-label={`${text}, ${format.minute(start)}\u2013${format.minute(end)}`} style={{ left: `${share * 100}%`, width: `${size * 100}%` }}>
      <svg aria-hidden="true">
        <rect width="100%" height="100%" fill="url(#hatch)" />
      </svg>
      {reason && gap.reason && <span className={`${size > 0.25 ? "inside" : share > 0.4 ? "before" : "after"} ${lower ? "lower" : ""}`}>{text}</span>}
    </div>
  );
}
