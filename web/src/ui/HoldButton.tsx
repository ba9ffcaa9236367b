// A button that acts after it was held for a second: by finger, mouse, Space or Enter. A short touch does nothing.
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import "./button.css";

const HOLD_MS = 1000;

interface HoldButtonProps {
  onHeld: () => void;
  disabled?: boolean;
  busy?: boolean;
  describedBy?: string;
  children: ReactNode;
}

export function HoldButton({ onHeld, disabled = false, busy = false, describedBy, children }: HoldButtonProps) {
  const [holding, setHolding] = useState(false);
  const timer = useRef<number>(undefined);

  const stop = useCallback(() => {
    window.clearTimeout(timer.current);
    timer.current = undefined;
    setHolding(false);
  }, []);

  const start = () => {
    if (timer.current !== undefined || disabled || busy) return;
    setHolding(true);
    timer.current = window.setTimeout(() => {
      stop();
      onHeld();
    }, HOLD_MS);
  };

  useEffect(() => stop, [stop]);

  return (
    <button
      type="button"
      className={`btn hold ${holding ? "holding" : ""}`}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      aria-describedby={describedBy}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        start();
      }}
      onPointerUp={stop}
      onPointerCancel={stop}
      onLostPointerCapture={stop}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        if (!event.repeat) start();
      }}
      onKeyUp={stop}
      onBlur={stop}
    >
      {children}
      <span className="hold-track" aria-hidden="true">
        <i />
      </span>
    </button>
  );
}
