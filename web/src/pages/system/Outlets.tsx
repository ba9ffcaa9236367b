// Tags out: brokers that are published to and our own Modbus servers, each with its state in words and its counts.
import { useQuery } from "@tanstack/react-query";
import { asProblem } from "../../api/problem";
import { outletsQuery } from "../../api/queries";
import type { Outlet } from "../../api/types";
import { t, word } from "../../text";
import { number } from "../../text/format";
import { say } from "../../text/said";
import { Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Failure, Skeleton } from "../../ui/States";

export function Outlets() {
  const outlets = useQuery(outletsQuery);
  return (
    <section className="panel">
      <div className="ph">
        <h2>{t("outlet.title")}</h2>
        <span className="cap">{t("outlet.text")}</span>
      </div>
      {outlets.isLoadingError ? (
        <Failure problem={asProblem(outlets.error)} onRetry={() => void outlets.refetch()} />
      ) : !outlets.data ? (
        <Skeleton rows={2} />
      ) : outlets.data.length === 0 ? (
        <p className="outlet-none sub">{t("outlet.none")}</p>
      ) : (
        <ul className="doctor">
          {outlets.data.map((outlet) => (
            <li key={outlet.name}>
              <OutletMark outlet={outlet} />
              <span>
                <b>{outlet.name}</b> <span className="sub">{outlet.url}</span>
                <span className={outlet.state.kind === "closed" ? "strong block" : "block"}>{say(outlet.state.said, outlet.state.words)}</span>
                {outlet.state.hint && <span className="sub block">{outlet.state.hint}</span>}
                <span className="sub block">{counts(outlet)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function OutletMark({ outlet }: { outlet: Outlet }) {
  if (outlet.state.kind === "closed") return <Mark name="f" label={word("outletState", "closed")} />;
  if (outlet.dropped > 0 || outlet.lost_scans > 0) return <Mark name="s" label={word("outletState", "losing")} />;
  return <Icon name="ok" />;
}

/** What went out and what did not. */
function counts(outlet: Outlet): string {
  const parts =
    outlet.kind === "modbus"
      ? [t("outlet.tags", { n: outlet.tags }), t("outlet.answered", { count: number(outlet.answered) }), outlet.refused > 0 && t("outlet.refused", { count: number(outlet.refused) }), outlet.written > 0 && t("outlet.written", { count: number(outlet.written) })]
      : [
          outlet.tags > 0 && t("outlet.tags", { n: outlet.tags }),
          outlet.messages > 0 && t("outlet.messages", { n: outlet.messages }),
          t("outlet.sent", { count: number(outlet.sent) }),
          outlet.waiting > 0 && t("outlet.waiting", { count: number(outlet.waiting) }),
          outlet.dropped > 0 && t("outlet.dropped", { count: number(outlet.dropped) }),
          outlet.skipped > 0 && t("outlet.skipped", { count: number(outlet.skipped) }),
          outlet.lost_scans > 0 && t("outlet.lost", { count: number(outlet.lost_scans) }),
        ];
  return parts.filter(Boolean).join(" \u00b7 ");
}
