// Guesses unit, scale and range of a tag from its name and its raw value, and says when a value does not fit. Pure.
// A guess is shown dashed and can be changed; nothing is guessed silently.

export interface Guess {
  unit: string;
  factor: number;
  range: [number, number] | undefined;
}

interface Kind {
  test: RegExp;
  unit: string;
  range: [number, number];
}

// the first that matches the name wins; ranges are what such instruments usually have
const kinds: readonly Kind[] = [
  { test: /vib|schwing/i, unit: "mm/s", range: [0, 25] },
  { test: /press|druck|\bpt?\d*\b|_p$/i, unit: "bar(g)", range: [0, 16] },
  { test: /temp|tt\d|_t$/i, unit: "°C", range: [0, 150] },
  { test: /level|niveau|f(ü|ue)llst|lvl/i, unit: "%", range: [0, 100] },
  { test: /flow|durchfl|outflow|inflow|menge/i, unit: "m³/h", range: [0, 100] },
  { test: /speed|drehz|rpm/i, unit: "1/min", range: [0, 3000] },
  { test: /curr|strom|amp/i, unit: "A", range: [0, 160] },
  { test: /volt|spann/i, unit: "V", range: [0, 500] },
  { test: /power|leist/i, unit: "kW", range: [0, 500] },
  { test: /freq/i, unit: "Hz", range: [0, 100] },
  { test: /humid|feucht/i, unit: "%", range: [0, 100] },
  { test: /valve|ventil|position|opening|stell/i, unit: "%", range: [0, 100] },
];

/** The raw value as far as it is a number; whole numbers may be scaled. */
export function guess(name: string, raw: unknown, type: string | null | undefined): Guess {
  const kind = kinds.find((one) => one.test.test(name));
  if (!kind || typeof raw === "boolean" || type === "bool" || type === "text") return { unit: "", factor: 1, range: undefined };
  const whole = type === "i64" || type === "u64";
  const factor = whole && typeof raw === "number" && raw > kind.range[1] ? ([0.1, 0.01, 0.001].find((one) => raw * one <= kind.range[1] && raw * one >= kind.range[0]) ?? 1) : 1;
  return { unit: kind.unit, factor, range: kind.range };
}

export interface Misfit {
  value: number;
  low: number;
  high: number;
  /** What would make it fit: another unit that the value then has to be converted from, or another factor. */
  fit?: { unit: string; becomes: number; range: [number, number] } | { factor: number; becomes: number };
}

/** Other units in which a value is often given by mistake, with the factor to the unit on the left. */
const mixups: Record<string, { unit: string; factor: number; offset?: number }[]> = {
  bar: [{ unit: "psi", factor: 0.0689476 }, { unit: "kPa", factor: 0.01 }, { unit: "mbar", factor: 0.001 }],
  "bar(g)": [{ unit: "psi(g)", factor: 0.0689476 }, { unit: "kPa(g)", factor: 0.01 }],
  "°C": [{ unit: "°F", factor: 5 / 9, offset: -160 / 9 }, { unit: "K", factor: 1, offset: -273.15 }],
  "m³/h": [{ unit: "l/min", factor: 0.06 }],
  "mm/s": [{ unit: "µm/s", factor: 0.001 }],
};

/** Whether a scaled value is outside its range, and what would fit. */
export function misfit(raw: unknown, factor: number, unit: string, range: [number, number] | undefined): Misfit | undefined {
  if (typeof raw !== "number" || !range) return undefined;
  const value = raw * factor;
  const [low, high] = range;
  if (value >= low && value <= high) return undefined;
  const inside = (number: number) => number >= low && number <= high;
  const finding: Misfit = { value, low, high };
  const back = (end: number, per: number, offset: number) => Number(((end - offset) / per).toPrecision(3));
  const other = mixups[unit]
    ?.map(({ unit: name, factor: per, offset = 0 }) => ({ unit: name, becomes: value * per + offset, range: [back(low, per, offset), back(high, per, offset)] as [number, number] }))
    .find((one) => inside(one.becomes));
  const tenth = [0.1, 0.01, 0.001].map((one) => ({ factor: factor * one, becomes: value * one })).find((one) => inside(one.becomes));
  const fit = other ?? tenth;
  return fit ? { ...finding, fit } : finding;
}
