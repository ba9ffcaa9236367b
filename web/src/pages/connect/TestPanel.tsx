// What the test found, line by line: reachable, who is it, fast enough, tags.
import type { ApiProblem } from "../../api/problem";
import type { DeviceTest } from "../../api/types";
import { isKey, t } from "../../text";
import { say } from "../../text/said";
import { number } from "../../text/format";
import { Hollow, Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Refused } from "../../ui/States";

interface TestPanelProps {
  test: DeviceTest | undefined;
  asking: boolean;
  problem: ApiProblem | undefined;
  ready: boolean;
  /** Tags that need a look. */
  looks: number;
}

export function TestPanel({ test, asking, problem, ready, looks }: TestPanelProps) {
  return (
    <section className="panel test" aria-label={t("add.test")}>
      <div className="ph">
        <h2>{t("add.test")}</h2>
        <span className="cap">{asking && !test ? t("add.testing") : t("add.testWhen")}</span>
      </div>
      <ul className="checks" aria-live="polite">
        {!ready && <Line mark="open" title={t("add.testWaiting")} detail={[t("add.testWaitingText")]} />}
        {ready && !test && !problem && <Line mark="open" title={t("add.testing")} detail={[]} />}
        {ready &&
          test?.steps.map((step) => {
            const key = `test.${step.step}.${step.state}`;
            const words = say(step.said, step.words);
            const title = isKey(key) ? t(key) : words;
            const detail = say(step.said_detail, "") || say(step.said, step.detail, "hint");
            return (
              <Line
                key={step.step}
                mark={step.state === "ok" ? "ok" : step.state === "look" ? "look" : step.state === "failed" ? "failed" : "open"}
                title={title}
                took={step.took_ms ?? undefined}
                detail={[title === words || step.state === "ok" || step.state === "not-tried" ? "" : words, detail]}
              />
            );
          })}
        {ready && test && looks > 0 && <Line mark="look" title={t("add.looks", { n: looks })} detail={[t("add.looksText")]} />}
      </ul>
      {problem && (
        <div className="test-p">
          <Refused problem={problem} />
        </div>
      )}
    </section>
  );
}

function Line({ mark, title, detail, took }: { mark: "ok" | "look" | "failed" | "open"; title: string; detail: string[]; took?: number | undefined }) {
  return (
    <li className={mark}>
      {mark === "ok" ? <Icon name="ok" /> : mark === "look" ? <Mark name="s" /> : mark === "failed" ? <Mark name="f" /> : <Hollow size={20} />}
      <b>{title}</b>
      <span className="nw">{took !== undefined && t("format.ms", { value: number(took, took < 10 ? 1 : 0) })}</span>
      {detail.filter(Boolean).map((line) => (
        <span className="d" key={line}>
          {line}
        </span>
      ))}
    </li>
  );
}
