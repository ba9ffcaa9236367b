// The edge does not answer: says since when, and that everything on the page is from then.
import { useConnection, useNow } from "../api/hooks";
import { t } from "../text";
import { clock, exactSpan } from "../text/format";
import { Icon } from "../ui/Icon";

export function LostBar() {
  const connection = useConnection();
  const now = useNow(1000);
  if (connection.state !== "lost") return null;
  return (
    <div className="lost-bar" role="alert">
      <Icon name="no" size={20} />
      <span>{t("link.lostSentence", { time: clock(connection.since), age: exactSpan(now - connection.since) })}</span>
    </div>
  );
}
