// One finding of the doctor: a mark of its own shape, what it is, and what helps.
import type { DoctorLine } from "../../api/types";
import { word } from "../../text";
import { say } from "../../text/said";
import { Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";

export function DoctorRow({ line }: { line: DoctorLine }) {
  return (
    <li>
      {line.state === "ok" ? <Icon name="ok" /> : <Mark name={line.state === "wrong" ? "f" : "s"} label={word("doctor", line.state)} />}
      <span>
        <span className={line.state === "ok" ? "" : "strong"}>{say(line.said, line.words)}</span>
        {line.hint && <span className="sub block">{say(line.said, line.hint, "hint")}</span>}
      </span>
    </li>
  );
}
