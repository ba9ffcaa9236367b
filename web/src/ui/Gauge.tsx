// A bar with the normal band and where the value stands. Outside the band the marker is blue and wider.
import "./gauge.css";

interface GaugeProps {
  value: number | null | undefined;
  low: number | null | undefined;
  high: number | null | undefined;
  /** The whole bar; without it the band takes the middle half. */
  range?: readonly [number, number] | null | undefined;
  /** Shown in the colour of an advisory. */
  abnormal?: boolean;
}

const percent = (share: number) => `${Math.min(100, Math.max(0, share * 100))}%`;

/** The ends of the bar: the band in the middle half, stretched so that the value is on it. */
export function gaugeEnds(low: number, high: number, value: number | null | undefined): [number, number] {
  const width = high - low || Math.abs(high) || 1;
  let from = low - width / 2;
  let to = high + width / 2;
  if (value != null && value > to) to = value + (value - low) * 0.1;
  if (value != null && value < from) from = value - (high - value) * 0.1;
  return [from, to];
}

export function Gauge({ value, low, high, range, abnormal = false }: GaugeProps) {
  if (low == null || high == null) {
    if (!range) return <span className="gauge" aria-hidden="true" />;
  }
  const [from, to] = low != null && high != null ? gaugeEnds(low, high, value) : range!;
  const share = (at: number) => (at - from) / (to - from || 1);
  return (
    <span className="gauge" aria-hidden="true">
      {low != null && high != null && <i style={{ left: percent(share(low)), width: percent(share(high) - share(low)) }} />}
      {value != null && <b className={abnormal ? "ab" : ""} style={{ left: percent(share(value)) }} />}
    </span>
  );
}
