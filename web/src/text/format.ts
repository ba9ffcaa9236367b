// Numbers, times and units for people: per language, in the plant's time zone. Pure; "now" comes in as an argument.
import { currentLanguage, t } from "./index";

let zone = "UTC";

/** The plant's time zone: every time on every screen is in it. */
export function setZone(name: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    zone = name;
  } catch {
    zone = "UTC";
  }
}

export function plantZone(): string {
  return zone;
}

const numbers = new Map<string, Intl.NumberFormat>();

/** A number with a fixed count of decimals; groups are narrow spaces in every language, the minus is a real one. */
export function number(value: number, decimals = 0): string {
  const key = `${currentLanguage()}${decimals}`;
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(currentLanguage(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    numbers.set(key, format);
  }
  const parts = format.formatToParts(value === 0 ? 0 : value);
  const zeroOnly = parts.every((part) => part.type === "minusSign" || !/[1-9]/.test(part.value));
  return parts
    .map((part) => {
      if (part.type === "group") return "\u202f";
      if (part.type === "minusSign") return zeroOnly ? "" : "\u2212";
      return part.value;
    })
    .join("");
}

/** How many decimals a span of values needs: three figures or so, and always the same for one tag so that nothing jumps. */
export function decimalsFor(span: number): number {
  const size = Math.abs(span);
  if (!Number.isFinite(size) || size === 0) return 1;
  if (size >= 500) return 0;
  if (size >= 20) return 1;
  if (size >= 2) return 2;
  return Math.min(6, 2 + Math.ceil(-Math.log10(size / 2)));
}

/** Decimals for one value without a known span. */
export function decimalsOf(value: number): number {
  const size = Math.abs(value);
  if (size >= 1000 || Number.isInteger(value)) return 0;
  if (size >= 10) return 1;
  if (size >= 0.1 || size === 0) return 2;
  return Math.min(6, 1 + Math.ceil(-Math.log10(size)));
}

/** A number as short as it can be said: for limits, scales and axes. */
export function short(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : Math.min(6, 2 + Math.ceil(-Math.log10(size)));
  const rounded = Number(value.toFixed(decimals));
  const text = rounded.toString();
  return number(rounded, text.includes(".") ? text.length - text.indexOf(".") - 1 : 0);
}

const shorter = short;

/** A band or a range, `2–4`; with `decimals` its ends are as exact as the value beside them. */
export function band(low: number | null | undefined, high: number | null | undefined, decimals?: number): string {
  const short = (value: number) => (decimals === undefined || Number.isInteger(value) ? shorter(value) : number(value, decimals));
  if (low == null && high == null) return "\u2013";
  if (low == null) return t("format.upTo", { high: short(high!) });
  if (high == null) return t("format.from", { low: short(low) });
  return `${short(low)}\u2013${short(high)}`;
}

const spoken: Record<string, string> = {
  Cel: "°C", "[degF]": "°F", K: "K", m3: "m³", "m3/h": "m³/h", "m3/s": "m³/s", "m/s2": "m/s²", "[psi]": "psi", "/min": "1/min",
  "1": "", "{count}": "", um: "µm", us: "µs", Ohm: "Ω", deg: "°", mm2: "mm²", cm2: "cm²", m2: "m²", "kg/m3": "kg/m³", "[ppm]": "ppm",
};

/** A UCUM unit as plants write it. */
export function unit(code: string | null | undefined): string {
  if (!code) return "";
  return spoken[code] ?? code.replace(/\[(\w+)\]/g, "$1").replace(/\bCel\b/g, "°C").replace(/\bm3\b/g, "m³");
}

/** Age in words without "ago": `0.4 s`, `61 s`, `4 min`, `3 h`, `5 d`. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.95) return t("format.seconds", { value: number(seconds, seconds < 0.05 ? 0 : 1) });
  if (seconds < 120) return t("format.seconds", { value: number(Math.round(seconds)) });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("format.minutes", { value: number(minutes) });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) {
    const rest = minutes % 60;
    return rest === 0 || hours >= 10 ? t("format.hours", { value: number(hours) }) : t("format.hoursMinutes", { hours: number(hours), minutes: number(rest) });
  }
  return t("format.days", { value: number(Math.floor(hours / 24)) });
}

/** `4 min 10 s`: for sentences that count up. */
export function exactSpan(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 60) return t("format.seconds", { value: number(seconds) });
  if (seconds < 3600) return t("format.minutesSeconds", { minutes: number(Math.floor(seconds / 60)), seconds: number(seconds % 60) });
  return span(ms);
}

/** A time span that the server says: `200 ms`, `2.5 s`, `1 min`, `4 min 10 s`. */
export function timeSpan(ms: number): string {
  if (ms < 1000) return t("format.ms", { value: number(Math.round(ms)) });
  const seconds = Math.round(ms / 100) / 10;
  if (seconds < 60) return t("format.seconds", { value: number(seconds, Number.isInteger(seconds) ? 0 : 1) });
  return ms < 3_600_000 && Math.floor(ms / 1000) % 60 === 0 ? t("format.minutes", { value: number(Math.floor(ms / 60_000)) }) : exactSpan(ms);
}

/** Bytes as people read them. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  const value = count / 1000 ** step;
  return `${number(value, step === 0 || value >= 100 ? 0 : 1)} ${units[step]}`;
}

const dates = new Map<string, Intl.DateTimeFormat>();

function date(name: string, options: Intl.DateTimeFormatOptions, ms: number, inZone = zone): string {
  const key = `${name}${currentLanguage()}${inZone}`;
  let format = dates.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(currentLanguage() === "en" ? "en-GB" : "de-DE", { ...options, timeZone: inZone });
    dates.set(key, format);
  }
  return format.format(ms);
}

/** `15:24:08`. */
export function clock(ms: number): string {
  return date("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, ms);
}

/** `15:24`. */
export function minute(ms: number): string {
  return date("minute", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, ms);
}

/** `3 Nov`. */
export function day(ms: number): string {
  return date("day", { day: "numeric", month: "short" }, ms);
}

/** `Sat 21 Nov 2026, 15:24:08`. */
export function full(ms: number): string {
  const options = { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  return date("full", options, ms);
}

/** The same point in UTC, for the record: `14:24:08 UTC`. */
export function utc(ms: number): string {
  return `${date("utc", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, ms, "UTC")} UTC`;
}

/** `14:02` today, `3 Nov 14:02` on another day. */
export function moment(ms: number, now: number): string {
  return day(ms) === day(now) && now - ms < 24 * 3600_000 ? minute(ms) : `${day(ms)} ${minute(ms)}`;
}
