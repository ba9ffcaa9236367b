// A trend of a minute or an hour at the size of a word: normal band, line, gaps left open, hatched when there is no value now.
import "./spark.css";

export interface SparkProps {
  /** Equal steps, oldest first; null is a gap. */
  points: readonly (number | null)[];
  low?: number | null | undefined;
  high?: number | null | undefined;
  abnormal?: boolean;
  /** Dashed to the right: the last value is old. */
  stale?: boolean;
  /** Hatched to the right: no value. */
  missing?: boolean;
}

const W = 100;
const H = 24;

/** The path of the points within `from..to`, in a box of 100 × 24. Exported for its test. */
export function sparkPath(points: readonly (number | null)[], from: number, to: number): string {
  const step = points.length > 1 ? W / (points.length - 1) : W;
  const size = to - from || 1;
  let path = "";
  let open = false;
  points.forEach((point, index) => {
    if (point === null) {
      open = false;
      return;
    }
    const y = H - 2 - ((point - from) / size) * (H - 4);
    path += `${open ? "L" : "M"}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    open = true;
  });
  return path;
}

/** The vertical ends of a spark: everything seen and the band, with a little air; never so near that noise looks wild. */
export function sparkEnds(points: readonly (number | null)[], low?: number | null, high?: number | null): [number, number] {
  let from = low ?? Infinity;
  let to = high ?? -Infinity;
  for (const point of points) {
    if (point === null) continue;
    if (point < from) from = point;
    if (point > to) to = point;
  }
  if (!Number.isFinite(from) || !Number.isFinite(to)) return [0, 1];
  const least = Math.max(Math.abs(from), Math.abs(to)) * 0.02 || 1;
  const air = Math.max(to - from, least) * 0.08;
  return to - from < least ? [(from + to - least) / 2 - air, (from + to + least) / 2 + air] : [from - air, to + air];
}

export function Spark({ points, low, high, abnormal, stale, missing }: SparkProps) {
  const [from, to] = sparkEnds(points, low, high);
  const y = (value: number) => H - 2 - ((value - from) / (to - from)) * (H - 4);
  const lastSeen = points.findLastIndex((point) => point !== null);
  const rest = missing || stale ? (points.length > 1 ? (Math.max(lastSeen, 0) / (points.length - 1)) * W : 0) : W;
  const from2 = Math.min(rest, W - 16);
  return (
    <span className="spark-box" aria-hidden="true">
      <svg className="spark" viewBox={`0 0 ${W} ${H}`} preserveAspectRatio="none">
      {low != null && high != null && <rect className="band" x="0" width={W} y={y(high)} height={Math.max(1, y(low) - y(high))} />}
      <path className={`tr ${abnormal ? "ab" : ""}`} d={sparkPath(points, from, to)} />
      {stale && lastSeen >= 0 && <path className="tr" strokeDasharray="2 3" d={`M${from2} ${y(points[lastSeen]!).toFixed(1)}H${W}`} />}
    </svg>
    {missing && <i className="spark-hatch" style={{ left: `${from2}%` }} />}
    </span>
  );
}

/** The hatch that stands for "no data", once per page. */
export function Patterns() {
  return (
    <svg width="0" height="0" className="patterns" aria-hidden="true">
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="6" height="6" fill="var(--panel)" />
          <path d="M0 0V6" stroke="var(--trace-2)" strokeWidth="1.6" />
        </pattern>
      </defs>
    </svg>
  );
}
