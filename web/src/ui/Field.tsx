// A labelled input. The label is always visible; an error is a sentence under it.
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from "react";
import "./field.css";

interface Frame {
  label: string;
  note?: ReactNode;
  error?: string | undefined;
}

export function Field({ label, note, error, className = "", ...rest }: Frame & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      <input id={id} className="in" autoComplete="off" spellCheck={false} aria-invalid={error ? true : undefined} aria-describedby={error || note ? `${id}n` : undefined} {...rest} />
      {(error || note) && (
        <span id={`${id}n`} className={error ? "field-error" : "cap"}>
          {error ?? note}
        </span>
      )}
    </div>
  );
}

export function Choice({ label, note, error, children, className = "", ...rest }: Frame & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      <select id={id} className="in" {...rest}>
        {children}
      </select>
      {(error || note) && <span className={error ? "field-error" : "cap"}>{error ?? note}</span>}
    </div>
  );
}
