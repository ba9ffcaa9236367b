// The marks of what is abnormal. Each has its own shape, so that colour is never the only difference.
// Alarms: square 1, triangle 2, ring 3. Advisory: speech mark. NAMUR NE 107: F, C, S, M.
import type { ReactElement } from "react";

export type MarkName = "alarm1" | "alarm2" | "alarm3" | "advisory" | "f" | "c" | "s" | "m";

const shapes: Record<MarkName, ReactElement> = {
  alarm1: (
    <>
      <rect x="1.5" y="1.5" width="17" height="17" fill="var(--red)" />
      <text x="10" y="14.5" textAnchor="middle" fontSize="12.5" fontWeight="700" fill="var(--on-red)">1</text>
    </>
  ),
  alarm2: (
    <>
      <path d="M10 1.5L19 18H1z" fill="var(--amber)" stroke="var(--amber-t)" />
      <text x="10" y="16" textAnchor="middle" fontSize="11" fontWeight="700" fill="var(--on-amber)">2</text>
    </>
  ),
  alarm3: (
    <>
      <circle cx="10" cy="10" r="7.5" fill="none" stroke="var(--yellow-t)" strokeWidth="4" />
      <circle cx="10" cy="10" r="7.5" fill="none" stroke="var(--yellow)" strokeWidth="2.5" />
    </>
  ),
  advisory: (
    <>
      <path d="M1 2h18v12h-9l-5 5v-5H1z" fill="var(--blue)" />
      <path d="M10 4.5v4.5M10 11.2v.3" stroke="var(--on-blue)" strokeWidth="2" strokeLinecap="round" />
    </>
  ),
  f: (
    <>
      <circle cx="10" cy="10" r="8" fill="var(--red-w)" stroke="var(--red)" strokeWidth="2" />
      <path d="M6.7 6.7l6.6 6.6M13.3 6.7l-6.6 6.6" stroke="var(--red)" strokeWidth="2.2" strokeLinecap="round" />
    </>
  ),
  c: (
    <>
      <path d="M1.5 3h17L10 18.5z" fill="var(--amber-w)" stroke="var(--amber)" strokeWidth="2" strokeLinejoin="round" />
      <path d="M10 6v4.5" stroke="var(--amber-t)" strokeWidth="2.2" strokeLinecap="round" />
    </>
  ),
  s: (
    <>
      <path d="M10 2L18.8 17.5H1.2z" fill="var(--yellow)" stroke="var(--yellow-t)" strokeWidth="1.4" strokeLinejoin="round" />
      <text x="10" y="15.8" textAnchor="middle" fontSize="11.5" fontWeight="700" fill="var(--on-yellow)">?</text>
    </>
  ),
  m: (
    <>
      <rect x="4" y="4" width="12" height="12" transform="rotate(45 10 10)" fill="var(--blue-w)" stroke="var(--blue)" strokeWidth="2" />
      <path d="M10 6.3c1.7 2.2 2.4 3.3 2.4 4.5a2.4 2.4 0 0 1-4.8 0c0-1.2.7-2.3 2.4-4.5z" fill="var(--blue)" />
    </>
  ),
};

/** `label` is read out; leave it away when the word stands beside the mark. */
export function Mark({ name, size = 20, label }: { name: MarkName; size?: number; label?: string }) {
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": true };
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" {...named}>
      {shapes[name]}
    </svg>
  );
}
