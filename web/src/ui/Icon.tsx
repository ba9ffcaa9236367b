// Line icons, drawn by us on a 24 px grid. Decorative: the text beside them carries the meaning.

const paths = {
  line: "M3 9h5v8H3zM16 9h5v8h-5zM9.5 13a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M8 13h1.5M14.5 13H16M12 10.5V6",
  connect: "M8 4v4M14 4v4M5.5 8h11v4a5.5 5.5 0 0 1-11 0zM11 17.5V20h8",
  models: "M4 17l4-6 4 3 4-8 4 5M14.2 6a1.8 1.8 0 1 0 3.6 0 1.8 1.8 0 1 0-3.6 0M4 20.5h16",
  advice: "M4 5h16v11h-9l-4 4v-4H4zM12 8v3.5M12 13.5v.1",
  changes: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4M12 8v4.5l3 2",
  system: "M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0 2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  trend: "M4 4v16h16M7 15l4-5 3 3 5-7",
  off: "M12 3v9M6.5 7a8 8 0 1 0 11 0",
  on: "M8 5l11 7-11 7z",
  ok: "M5 12.5l4.5 4.5L19 7.5",
  no: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  right: "M9 5l7 7-7 7",
  down: "M5 9l7 7 7-7",
  find: "M4.5 11a6.5 6.5 0 1 0 13 0 6.5 6.5 0 1 0-13 0M16 16l4.5 4.5",
  arrow: "M4 12h16M14 6l6 6-6 6",
  person: "M8 8a4 4 0 1 0 8 0 4 4 0 1 0-8 0M4.5 20a7.5 7.5 0 0 1 15 0",
  fault: "M13 3L5 13.5h6L10 21l9-11h-6z",
  pause: "M8 5v14M16 5v14",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={1.6} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

/** A dashed ring: not there yet, or old. */
export function Hollow({ size = 14 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <circle cx="10" cy="10" r="6.5" fill="none" stroke="currentColor" strokeWidth={2} strokeDasharray="3.4 2.7" />
    </svg>
  );
}
