// What people type into one cell: numbers, ranges, names; and a run of addresses. Whole lists are read by the edge. Pure.

/** A number with a comma or a point; none for anything else. */
export function numberOf(text: string): number | undefined {
  const clean = text.trim().replace(/[\u202f\u00a0 ]/g, "").replace(",", ".").replace("\u2212", "-");
  if (clean === "") return undefined;
  const value = Number(clean);
  return Number.isFinite(value) ? value : undefined;
}

/** `0–25`, `0..25`, `0 to 25`, `-10 - 40`. */
export function pairOf(text: string): [number, number] | undefined {
  const found = /^\s*([-\u2212]?[\d.,]+)\s*(?:\u2013|\u2014|\.\.+|to|bis|-)\s*([-\u2212]?[\d.,]+)\s*$/i.exec(text);
  const low = found && numberOf(found[1]!);
  const high = found && numberOf(found[2]!);
  return low != null && high != null && low < high ? [low, high] : undefined;
}

export function pairText(pair: readonly [number, number] | readonly number[] | null | undefined): string {
  return pair ? `${pair[0]}\u2013${pair[1]}` : "";
}

/** A run of addresses of one type: `holding`, 0, 8, `float32` → 8 addresses, two registers apart. */
export function runOf(area: string, first: number, count: number, type: string): string[] {
  const width = /64/.test(type) ? 4 : /32/.test(type) ? 2 : 1;
  const bits = area === "coil" || area === "discrete";
  return Array.from({ length: Math.min(500, Math.max(0, count)) }, (_, index) => (bits ? `${area}:${first + index}` : `${area}:${first + index * width}:${type}`));
}

/** A name for a path: letters, digits, `_`, `-`, `.`; lower case. */
export function slug(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll("ä", "ae")
    .replaceAll("ö", "oe")
    .replaceAll("ü", "ue")
    .replaceAll("ß", "ss")
    .replace(/[^\p{L}\p{N}.-]+/gu, "_")
    .replace(/^[_.-]+|[_.-]+$/g, "");
}

/** A free name: `name`, `name_2`, `name_3`. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let count = 2; ; count += 1) if (!taken.has(`${wanted}_${count}`)) return `${wanted}_${count}`;
}
