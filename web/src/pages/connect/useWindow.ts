// Which rows of a long table are drawn: those in sight and a few more. Rows may have different, known heights.
import { useLayoutEffect, useMemo, useState } from "react";

const MORE = 12;
/** Shorter tables are drawn as a whole. */
const WHOLE = 120;

export interface Window {
  first: number;
  /** The first that is not drawn any more. */
  end: number;
  before: number;
  behind: number;
}

/** The rows between two places of a scrolled table. Exported for its test. */
export function windowOf(tops: readonly number[], from: number, to: number): Window {
  const count = tops.length - 1;
  if (count <= WHOLE) return { first: 0, end: count, before: 0, behind: 0 };
  const at = (place: number) => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tops[middle + 1]! <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const first = Math.max(0, at(from) - MORE);
  const end = Math.min(count, at(to) + 1 + MORE);
  return { first, end, before: tops[first]!, behind: tops[count]! - tops[end]! };
}

export function useWindow(element: HTMLElement | null, heights: readonly number[]): Window {
  const tops = useMemo(() => {
    const sums = [0];
    for (const height of heights) sums.push(sums[sums.length - 1]! + height);
    return sums;
  }, [heights]);
  const [seen, setSeen] = useState({ from: 0, to: 1_000 });
  useLayoutEffect(() => {
    if (!element) return;
    const look = () => setSeen((old) => (old.from === element.scrollTop && old.to === element.scrollTop + element.clientHeight ? old : { from: element.scrollTop, to: element.scrollTop + element.clientHeight }));
    look();
    element.addEventListener("scroll", look, { passive: true });
    const watch = new ResizeObserver(look);
    watch.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      watch.disconnect();
    };
  }, [element]);
  return useMemo(() => windowOf(tops, seen.from, seen.to), [tops, seen]);
}
