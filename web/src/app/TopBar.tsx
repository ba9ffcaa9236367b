// Where I am, whether it is live, who I am, what time it is at the plant.
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { useConnection, useNow } from "../api/hooks";
import { meQuery } from "../api/queries";
import type { About } from "../api/types";
import { t, word } from "../text";
import { clock, plantZone } from "../text/format";
import { Icon } from "../ui/Icon";
import { useCrumbs } from "./crumbs";
import { WhoSheet } from "./WhoSheet";

export function TopBar({ about }: { about: About | undefined }) {
  const { data: me } = useQuery(meQuery);
  const connection = useConnection();
  const crumbs = useCrumbs();
  const [open, setOpen] = useState(false);
  return (
    <header className="top">
      <Link className="brand" to="/line">
        {t("app.name")}
      </Link>
      <nav className="crumb" aria-label={t("nav.where")}>
        <span className="hide-s">{about?.site ?? ""}</span>
        {crumbs.map((crumb, index) => (
          <Fragment key={`${index}${crumb.text}`}>
            <i aria-hidden="true" className={index === 0 ? "hide-s" : ""}>
              ›
            </i>
            {index === crumbs.length - 1 ? <b aria-current="page">{crumb.text}</b> : crumb.to ? <Link to={crumb.to}>{crumb.text}</Link> : <span>{crumb.text}</span>}
          </Fragment>
        ))}
      </nav>
      <span className="grow" />
      <span className={`linkstate ${connection.state}`} role="status">
        {connection.state === "live" ? t("link.live") : connection.state === "lost" ? t("link.lost") : t("link.connecting")}
      </span>
      <span className="sep" />
      <button type="button" className="who" onClick={() => setOpen(true)}>
        <Icon name="person" size={18} />
        <span className="hide-s">{me ? me.label || word("role", me.role) : t("who.nobody")}</span>
      </button>
      <span className="sep" />
      <Clock />
      {open && <WhoSheet me={me} onClose={() => setOpen(false)} />}
    </header>
  );
}

function Clock() {
  const now = useNow(1000);
  return <time title={plantZone()}>{clock(now)}</time>;
}
