// The trail in the top bar: each page says its own, so that names of devices and places are right.
import { useEffect, useSyncExternalStore } from "react";

export interface Crumb {
  text: string;
  to?: string;
}

let crumbs: readonly Crumb[] = [];
const listeners = new Set<() => void>();

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** What the top bar shows now. */
export function useCrumbs(): readonly Crumb[] {
  return useSyncExternalStore(subscribe, () => crumbs);
}

/** Said by a page; the last one is where we are and also the title of the window. */
export function useTrail(...trail: Crumb[]): void {
  const key = JSON.stringify(trail);
  useEffect(() => {
    crumbs = JSON.parse(key) as Crumb[];
    document.title = [...crumbs.map((crumb) => crumb.text)].reverse().concat("lastmile").join(" · ");
    listeners.forEach((listener) => listener());
  }, [key]);
}
