// Buttons. One filled (`kind="primary"`) per screen; a refused action stays visible, dashed, with the reason beside it.
import type { ButtonHTMLAttributes, ReactNode } from "react";
import "./button.css";

type Kind = "plain" | "primary" | "quiet";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Kind;
  busy?: boolean;
  children: ReactNode;
}

export function Button({ kind = "plain", busy = false, disabled, className = "", children, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`btn ${kind} ${className}`} disabled={disabled || busy} aria-busy={busy || undefined}>
      {children}
    </button>
  );
}
