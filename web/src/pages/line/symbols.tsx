// Machines as grey blocks, in the manner of a high-performance display: no colour, no motion; a level is the only content.

export type Picture = "tank" | "pump" | "exchanger" | "vessel" | "motor" | "valve" | "machine";

const block = { fill: "var(--machine)", stroke: "var(--machine-e)", strokeWidth: 2, strokeLinejoin: "round" } as const;
const inner = { fill: "var(--machine-2)", stroke: "var(--machine-e)", strokeWidth: 2, strokeLinejoin: "round" } as const;

/** `level` from 0 to 1, for tanks and vessels. */
function Shape({ picture, level }: { picture: Picture; level: number | undefined }) {
  switch (picture) {
    case "tank": {
      const top = 66 - 60 * Math.min(1, Math.max(0, level ?? 0));
      return (
        <>
          <rect x="20" y="4" width="48" height="64" rx="6" fill="var(--machine)" />
          {level !== undefined && <path d={`M21 ${top.toFixed(1)}H67V62a6 6 0 0 1-6 6H27a6 6 0 0 1-6-6z`} fill="var(--machine-2)" />}
          <rect x="20" y="4" width="48" height="64" rx="6" fill="none" stroke="var(--machine-e)" strokeWidth="2" />
        </>
      );
    }
    case "vessel": {
      const top = 64 - 56 * Math.min(1, Math.max(0, level ?? 0));
      return (
        <>
          <rect x="18" y="4" width="52" height="64" rx="22" fill="var(--machine)" />
          {level !== undefined && (
            <svg x="18" y={top} width="52" height={68 - top} viewBox={`0 ${top - 4} 52 ${68 - top}`} preserveAspectRatio="none">
              <rect width="52" height="64" rx="22" fill="var(--machine-2)" />
            </svg>
          )}
          <rect x="18" y="4" width="52" height="64" rx="22" fill="none" stroke="var(--machine-e)" strokeWidth="2" />
          <path d="M44 12v40M34 52h20" stroke="var(--machine-e)" strokeWidth="2.5" fill="none" strokeLinecap="round" />
        </>
      );
    }
    case "pump":
      return (
        <>
          <path d="M30 66l8-14h12l8 14z" {...block} />
          <circle cx="44" cy="36" r="24" {...block} />
          <path d="M36 22l26 14-26 14z" {...inner} />
        </>
      );
    case "exchanger":
      return (
        <>
          <rect x="8" y="12" width="72" height="48" rx="24" {...block} />
          <path d="M8 36h12l8-14 10 28 10-28 10 28 8-14h14" fill="none" stroke="var(--machine-e)" strokeWidth="2.5" strokeLinejoin="round" />
        </>
      );
    case "motor":
      return (
        <>
          <path d="M20 62h48M28 62v-6M60 62v-6" stroke="var(--machine-e)" strokeWidth="2" />
          <rect x="14" y="16" width="52" height="40" rx="4" {...block} />
          <path d="M66 30h12v12H66z" {...inner} />
          <path d="M24 22v28M34 22v28M44 22v28M54 22v28" stroke="var(--machine-e)" strokeWidth="2" />
        </>
      );
    case "valve":
      return (
        <>
          <path d="M14 20l30 16-30 16zM74 20L44 36l30 16z" {...block} />
          <path d="M44 36V16M32 14a12 10 0 0 1 24 0z" {...inner} />
        </>
      );
    default:
      return (
        <>
          <rect x="12" y="14" width="64" height="50" rx="4" {...block} />
          <path d="M24 26h40v14H24z" {...inner} />
          <path d="M24 50h16M48 50h16" stroke="var(--machine-e)" strokeWidth="2" strokeLinecap="round" />
        </>
      );
  }
}

const known: readonly string[] = ["tank", "pump", "exchanger", "vessel", "motor", "valve"];

export function Machine({ picture, level }: { picture: string; level: number | undefined }) {
  return (
    <svg width="88" height="72" viewBox="0 0 88 72" aria-hidden="true">
      <Shape picture={known.includes(picture) ? (picture as Picture) : "machine"} level={level} />
    </svg>
  );
}
