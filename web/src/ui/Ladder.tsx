// The mode ladder in a row: the words of all rungs, the current one inverted.
import { t, word } from "../text";
import "./ladder.css";

export const modes = ["off", "watch", "advise", "ask", "write"] as const;
export type Mode = (typeof modes)[number];

export function Ladder({ mode }: { mode: string }) {
  return (
    <ol className="ladder" aria-label={t("mode.ladder")}>
      {modes.map((name) => (
        <li key={name} className={name === mode ? "on" : ""} aria-current={name === mode ? "true" : undefined}>
          {word("mode", name)}
        </li>
      ))}
    </ol>
  );
}
