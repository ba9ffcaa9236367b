// Reads what people paste: addresses one a line, with a name, a unit, a scale and a range in any order. Pure.

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

const words = /^(holding|input|coil|discrete)(-register)?s?:\d+(:[\w:.]+)?$/i;
const classic = /^[0134]\d{4,5}(:[\w:.]+)?$/;

/** As engineers write Modbus addresses: `holding:100:float32:cdab`, `40101`. */
export function isAddress(text: string): boolean {
  return words.test(text) || classic.test(text);
}

export interface Pasted {
  address: string;
  name: string;
  unit?: string | undefined;
  factor?: number | undefined;
  range?: [number, number] | undefined;
}

const unitLike = /^(%|°[CF]|K|V|A|W|s|h|m|mm|bar(\(g\)|\(a\))?|psi|Pa|kPa|MPa|mbar|Hz|kW|kWh|mm\/s|m\/s|m\/s²|µm|rpm|1\/min|m³\/h|m3\/h|l\/min|kg\/h|t\/h|l\/s|mA|mV|kV|pH|ppm|Nm|kg|t|l|m³|m3)$/;

/** One line: the part that looks like an address, like a unit, like a range, like a factor; the rest is the name. */
export function parseLine(line: string): Pasted | undefined {
  const byTab = line.split(/\t|;/).length > 1;
  const cells = (byTab ? line.split(/[\t;]/) : /,/.test(line) && !/\d,\d/.test(line) ? line.split(",") : line.trim().split(/\s+/)).map((cell) => cell.trim().replace(/^"|"$/g, ""));
  const found = cells.findIndex(isAddress);
  if (found < 0) return undefined;
  const result: Pasted = { address: cells[found]!, name: "" };
  const name: string[] = [];
  cells.forEach((cell, index) => {
    if (index === found || cell === "") return;
    const pair = pairOf(cell);
    if (pair && !result.range) result.range = pair;
    else if (unitLike.test(cell) && !result.unit) result.unit = cell;
    else if (numberOf(cell) !== undefined && result.factor === undefined && name.length + Number(byTab) > 0) result.factor = numberOf(cell);
    else name.push(cell);
  });
  result.name = name.join(" ");
  return result;
}

/** All lines; those without an address are returned as they are, so that people see what was not taken. */
export function parseList(text: string): { rows: Pasted[]; left: string[] } {
  const rows: Pasted[] = [];
  const left: string[] = [];
  const seen = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "" || /^\s*(#|\/\/)/.test(line)) continue;
    const row = parseLine(line);
    if (!row) left.push(line.trim());
    else if (!seen.has(row.address)) {
      seen.add(row.address);
      rows.push(row);
    }
  }
  return { rows, left };
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
