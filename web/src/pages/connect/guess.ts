// Guesses unit, scale and range of a tag from its name and its raw value. Pure. A guess is shown dashed and can be changed;
// nothing is guessed silently, and whether a value fits is for the edge to say.

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
