import { Link } from "@tanstack/react-router";
import { t } from "../text";
import { Empty } from "../ui/States";

export function NotFound() {
  return (
    <Empty title={t("notFound.title")} action={<Link className="btn" to="/line">{t("notFound.line")}</Link>}>
      {t("notFound.text")}
    </Empty>
  );
}
