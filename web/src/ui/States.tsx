// What a page says when it has nothing to show: not yet, nothing there, something failed, no right, does not apply.
import { useId, type ReactNode } from "react";
import { type ApiProblem } from "../api/problem";
import { t } from "../text";
import { Button } from "./Button";
import { Hollow, Icon } from "./Icon";
import { Mark } from "./Mark";
import "./states.css";

/** Grey bars where the content will be. Says "loading" once, to those who listen instead of look. */
export function Skeleton({ rows = 4, height = 40 }: { rows?: number; height?: number }) {
  return (
    <div className="skeleton" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, index) => (
        <i key={index} style={{ height }} />
      ))}
    </div>
  );
}

/** Nothing there yet: what it will be and what to do first. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="state">
      <Hollow size={28} />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** A failure is a sentence: what, why, what to do; and a way to try again. */
export function Failure({ problem, onRetry }: { problem: ApiProblem; onRetry?: () => void }) {
  if (problem.kind === "no-right") return <NoRight problem={problem} />;
  return (
    <div className="state" role="alert">
      <Mark name="f" size={28} />
      <h2>{problem.what}</h2>
      {problem.why && <p>{problem.why}</p>}
      {problem.hint && <p>{problem.hint}</p>}
      {onRetry && <Button onClick={onRetry}>{t("state.retry")}</Button>}
    </div>
  );
}

/** A refusal is a sentence that says who could. */
export function NoRight({ problem }: { problem: ApiProblem }) {
  return (
    <div className="state">
      <Icon name="person" size={28} />
      <h2>{problem.what}</h2>
      {problem.why && <p>{problem.why}</p>}
      {problem.hint && <p>{problem.hint}</p>}
    </div>
  );
}

/** The sentence of a failed act, beside the button that failed. */
export function Refused({ problem }: { problem: ApiProblem | null | undefined }) {
  const id = useId();
  if (!problem) return null;
  return (
    <p className="refused" role="alert" id={id}>
      <Mark name="f" size={16} />
      <span>
        <b>{problem.what}</b> {problem.why} {problem.hint}
      </span>
    </p>
  );
}
