// The rows of the Add page while they are being chosen: what was pasted, what was guessed, what a person set. Pure.
import type { AddressValue, ImportedTag, TagFix, TagSettings } from "../../api/types";
import { guess, type Guess } from "./guess";
import { freeName, slug } from "./parse";

export interface Row {
  /** Stands for the row in the text: its address there, with a number when it stands there twice. */
  key: string;
  address: string;
  chosen: boolean;
  label: string;
  /** The name in the text, when it is not what people read. */
  name?: string | undefined;
  /** Set by a person or by the text; otherwise the guess holds. */
  unit?: string | undefined;
  factor?: number | undefined;
  offset?: number | undefined;
  /** A scale through two points stays one until somebody sets a factor. */
  points?: { raw: [number, number]; to: [number, number] } | undefined;
  range?: [number, number] | undefined;
  /** The last minute of raw values. */
  minute: (number | null)[];
  latest?: AddressValue | undefined;
  /** What was guessed when the first value came; a later value does not change it. */
  guessed?: Guess | undefined;
  /** A person chose another address than the text has. */
  moved?: boolean | undefined;
}

/** A tag as it would be saved, and what it reads. */
export interface Draft {
  key: string;
  tag: TagSettings;
  value: AddressValue["value"] | undefined;
  /** The name one would expect was taken. */
  renamed: boolean;
}

const pair = (numbers: readonly unknown[] | null | undefined): [number, number] | undefined => (numbers?.length === 2 ? [Number(numbers[0]), Number(numbers[1])] : undefined);

function fromText(tag: ImportedTag): Partial<Row> {
  const [raw, to] = [pair(tag.scale?.raw), pair(tag.scale?.to)];
  const points = raw && to ? { raw, to } : undefined;
  const part: Partial<Row> = { unit: tag.unit ?? undefined, range: pair(tag.range), points, factor: tag.scale?.factor ?? undefined, offset: tag.scale?.offset ?? undefined };
  for (const key of Object.keys(part) as (keyof Row)[]) if (part[key] === undefined) delete part[key];
  return part;
}

/** Rows for what the text says now; what a person set on a row stays, unless the text says it. */
export function mergeRows(old: readonly Row[], tags: readonly ImportedTag[]): Row[] {
  const before = new Map(old.map((row) => [row.key, row]));
  const times = new Map<string, number>();
  return tags.map((tag) => {
    const count = (times.get(tag.address) ?? 0) + 1;
    times.set(tag.address, count);
    const key = count === 1 ? tag.address : `${tag.address}#${count}`;
    const name = tag.name && tag.name !== tag.label ? tag.name : undefined;
    const row = before.get(key);
    if (row) return { ...row, ...fromText(tag), label: tag.label || row.label, name: name ?? row.name };
    return { key, address: tag.address, chosen: true, label: tag.label, name, minute: [], ...fromText(tag) };
  });
}

/** Rows with the values that the last test read. */
export function withValues(rows: readonly Row[], values: readonly AddressValue[]): Row[] {
  const byAddress = new Map(values.map((value) => [value.address, value]));
  return rows.map((row) => {
    const latest = byAddress.get(row.address);
    if (!latest) return row;
    const numeric = typeof latest.value === "number" ? latest.value : typeof latest.value === "boolean" ? Number(latest.value) : null;
    const point = latest.quality === "bad" ? null : numeric;
    const guessed = row.guessed ?? (latest.quality === "bad" ? undefined : guess(row.label, latest.value, latest.value_type));
    return { ...row, latest, guessed, minute: [...row.minute.slice(-39), point] };
  });
}

export interface Effective {
  unit: string;
  factor: number;
  offset: number;
  range: [number, number] | undefined;
}

/** Unit, scale and range of a row: set by a person or the text, else guessed. A scale in the text goes with its own range. */
export function effective(row: Row): Effective {
  const range = row.range ?? row.guessed?.range;
  const unit = row.unit ?? row.guessed?.unit ?? "";
  if (row.points && row.factor === undefined) {
    const { raw, to } = row.points;
    const factor = (to[1] - to[0]) / (raw[1] - raw[0]);
    return { unit, factor, offset: to[0] - raw[0] * factor, range };
  }
  return { unit, factor: row.factor ?? row.guessed?.factor ?? 1, offset: row.offset ?? 0, range };
}

/** A fix of a finding, as a change of its row. The name of a row is made from its label. */
export function fixed(fix: TagFix): Partial<Row> {
  if (fix.address) return { address: fix.address, moved: true, latest: undefined, minute: [] };
  if (fix.unit) return { unit: fix.unit, ...(fix.range ? { range: pair(fix.range) } : {}) };
  if (fix.factor != null) return { factor: fix.factor, points: undefined };
  return {};
}

/** The tags to save, with their rows. Names are made from what the text or a person calls them, free among those that exist. */
export function draftsOf(rows: readonly Row[], device: string, place: string, taken: ReadonlySet<string>): Draft[] {
  const used = new Set(taken);
  return rows
    .filter((row) => row.chosen)
    .map((row) => {
      const { unit, factor, offset, range } = effective(row);
      const own = slug(row.name ?? "") || slug(row.label) || slug(row.address.replaceAll(":", "_"));
      const wanted = place ? `${place}/${own}` : own;
      const name = freeName(wanted, used);
      used.add(name);
      const points = row.factor === undefined ? row.points : undefined;
      const tag: TagSettings = {
        name,
        label: row.label || row.address,
        device,
        address: row.address,
        unit: unit || undefined,
        scale: points ? { raw: points.raw, to: points.to } : factor === 1 && offset === 0 ? undefined : { factor, offset },
        range,
      };
      return { key: row.key, tag, renamed: name !== wanted, value: row.latest?.quality === "bad" ? undefined : row.latest?.value };
    });
}

/** `modbus-tcp://10.20.2.17:502/1` from what is typed: host, host:port, or a whole URL. */
export function urlOf(protocol: string, address: string, unitId: string): string | undefined {
  const typed = address.trim();
  if (typed === "") return undefined;
  if (/^[\w+-]+:\/\//.test(typed)) return typed;
  const unit = /^\d+$/.test(unitId.trim()) ? unitId.trim() : "1";
  // a serial port is a path, or on Windows a name
  const serialPort = /^com\d/i.test(typed) ? typed.replace(/^com/i, "COM") : `/${typed.replace(/^\/+/, "")}`;
  if (protocol === "modbus-rtu") return `modbus-rtu://${serialPort}${typed.includes("?") ? "&" : "?"}unit=${unit}`;
  const [host, port] = typed.split("/")[0]!.split(/:(?=\d+$)/);
  return `${protocol}://${host}:${port ?? "502"}/${typed.split("/")[1] ?? unit}`;
}

/** A name for a device nobody named yet: the end of its address. */
export function deviceNameOf(url: string | undefined): string {
  if (!url) return "";
  const host = /:\/\/([^/:?]+)/.exec(url)?.[1] ?? url.split("/").pop()!.split("?")[0]!;
  return slug(`plc-${host.replace(/\./g, "-")}`).replace(/_/g, "-");
}
