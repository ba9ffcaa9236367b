// The rows of the Add page while they are being chosen: what was pasted, what was guessed, what a person set. Pure.
import type { AddressValue, TagSettings } from "../../api/types";
import { guess, type Guess } from "./guess";
import { freeName, slug, type Pasted } from "./parse";

export interface Row {
  address: string;
  chosen: boolean;
  label: string;
  /** Set by a person; otherwise the guess holds. */
  unit?: string | undefined;
  factor?: number | undefined;
  range?: [number, number] | undefined;
  /** The last minute of raw values. */
  minute: (number | null)[];
  latest?: AddressValue | undefined;
  /** What was guessed when the first value came; a later value does not change it. */
  guessed?: Guess | undefined;
}

/** Rows for what the list says now; what a person set on a row stays. */
export function mergeRows(old: readonly Row[], pasted: readonly Pasted[]): Row[] {
  const before = new Map(old.map((row) => [row.address, row]));
  return pasted.map((one) => {
    const row = before.get(one.address);
    if (row) return { ...row, label: one.name || row.label, unit: one.unit ?? row.unit, factor: one.factor ?? row.factor, range: one.range ?? row.range };
    return { address: one.address, chosen: true, label: one.name, unit: one.unit, factor: one.factor, range: one.range, minute: [] };
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

/** Unit, factor and range of a row: set by a person, else guessed. */
export function effective(row: Row): { unit: string; factor: number; range: [number, number] | undefined } {
  return { unit: row.unit ?? row.guessed?.unit ?? "", factor: row.factor ?? row.guessed?.factor ?? 1, range: row.range ?? row.guessed?.range };
}

/** The tags to save. Names are made from the labels, free among those that exist. */
export function tagsOf(rows: readonly Row[], device: string, place: string, taken: ReadonlySet<string>): TagSettings[] {
  const used = new Set(taken);
  return rows
    .filter((row) => row.chosen)
    .map((row) => {
      const { unit, factor, range } = effective(row);
      const own = slug(row.label) || slug(row.address.replaceAll(":", "_"));
      const name = freeName(place ? `${place}/${own}` : own, used);
      used.add(name);
      return {
        name,
        label: row.label || row.address,
        device,
        address: row.address,
        unit: unit || undefined,
        scale: factor === 1 ? undefined : { factor, offset: 0 },
        range,
      };
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
