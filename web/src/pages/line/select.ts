// Which line, which machines, which advice, which model: decided here, pure, so that it can be tested.
import type { Advisory, Contribution, Deployment, Place, Tag } from "../../api/types";

/** A place is at or below another. */
export function within(place: string, above: string): boolean {
  return above === "" || place === above || place.startsWith(`${above}/`);
}

/** Places that have a picture to show: the parents of machines, in file order. */
export function linesOf(places: readonly Place[]): Place[] {
  const parents = new Set(places.filter((place) => place.picture).map((place) => place.parent ?? ""));
  return places.filter((place) => parents.has(place.path));
}

/** The line to show: asked for, else the remembered one, else the first with an advice, else the first. */
export function chooseLine(places: readonly Place[], asked: string | undefined, remembered: string | null): Place | undefined {
  const lines = linesOf(places);
  return (
    lines.find((line) => line.path === asked) ??
    lines.find((line) => asked !== undefined && within(asked, line.path)) ??
    lines.find((line) => line.path === remembered) ??
    lines.find((line) => line.advisories > 0) ??
    lines[0]
  );
}

/** The machines of a line in flow order. */
export function machinesOf(places: readonly Place[], line: string): Place[] {
  return places.filter((place) => place.picture && (place.parent ?? "") === line);
}

/** Active advice at a line: not acknowledged first, then the newest. */
export function adviceAt(advisories: readonly Advisory[], line: string): Advisory[] {
  return advisories
    .filter((one) => within(one.place, line) && (one.state === "unacknowledged" || one.state === "acknowledged"))
    .sort((a, b) => Number(b.state === "unacknowledged") - Number(a.state === "unacknowledged") || b.raised_ms - a.raised_ms);
}

/** Models at a line: running ones first, in the order of the list. */
export function modelsAt(deployments: readonly Deployment[], line: string): Deployment[] {
  return deployments.filter((one) => one.places.some((place) => within(place, line)));
}

/** Signals in an order that does not jump: that of the moment the advice was raised, else of the contract; values as they are now. */
export function steady(raised: readonly Contribution[] | undefined, now: readonly Contribution[], inputs: readonly string[], most: number): Contribution[] {
  const fresh = new Map(now.map((one) => [one.signal, one]));
  if (raised && raised.length > 0) return raised.slice(0, most).map((one) => fresh.get(one.signal) ?? one);
  const place = (one: Contribution) => {
    const found = inputs.indexOf(one.tag ?? "");
    return found < 0 ? inputs.length : found;
  };
  return [...now].sort((a, b) => place(a) - place(b)).slice(0, most);
}

/** Words that belong to a line: product, recipe, phase; local variables, and texts that a device says. */
export function variablesAt(tags: readonly Tag[], line: string): Tag[] {
  return tags.filter((tag) => tag.place === line && (tag.kind === "variable" || tag.value_type === "text"));
}

/** The tags that a line's screen has to know besides those of the advice. */
export function keyTags(machines: readonly Place[]): string[] {
  return machines.flatMap((machine) => machine.key_tags);
}

/** The trail of names from the site to a place. */
export function trailOf(places: readonly Place[], path: string): Place[] {
  const byPath = new Map(places.map((place) => [place.path, place]));
  const trail: Place[] = [];
  for (let at = byPath.get(path); at && at.path !== ""; at = at.parent == null ? undefined : byPath.get(at.parent)) trail.unshift(at);
  return trail;
}
