// The frame of every page: top bar, rail, what is lost, the demonstration's switches.
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { aboutQuery, advisoriesQuery } from "../api/queries";
import { live, useConnection } from "../api/hooks";
import { t } from "../text";
import { Icon, type IconName } from "../ui/Icon";
import { Patterns } from "../ui/Spark";
import type { Key } from "../text";
import { DemoBar } from "./DemoBar";
import { LostBar } from "./LostBar";
import { TopBar } from "./TopBar";
import "./shell.css";

const entries: readonly { to: "/line" | "/connect" | "/models" | "/advice" | "/changes" | "/system" | "/trend"; icon: IconName; text: Key; push?: boolean }[] = [
  { to: "/line", icon: "line", text: "nav.line" },
  { to: "/connect", icon: "connect", text: "nav.connect" },
  { to: "/models", icon: "models", text: "nav.models" },
  { to: "/advice", icon: "advice", text: "nav.advice" },
  { to: "/trend", icon: "trend", text: "nav.trend" },
  { to: "/changes", icon: "changes", text: "nav.changes" },
  { to: "/system", icon: "system", text: "nav.system", push: true },
];

export function Shell() {
  const { data: about } = useQuery(aboutQuery);
  const { data: advice } = useQuery(advisoriesQuery(false));
  const connection = useConnection();
  const path = useLocation({ select: (location) => location.pathname });
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, []);
  useEffect(() => {
    document.body.classList.toggle("touch", path.startsWith("/line"));
  }, [path]);
  const waiting = advice?.unacknowledged ?? 0;

  return (
    <div className={`app ${connection.state === "lost" ? "is-lost" : ""}`}>
      <Patterns />
      <a className="skip" href="#main">
        {t("nav.skip")}
      </a>
      <TopBar about={about} />
      <nav className="rail" aria-label={t("nav.menu")}>
        {entries.map((entry) => (
          <Link key={entry.to} to={entry.to} className={entry.push ? "push" : ""} aria-current={path.startsWith(entry.to) ? "page" : undefined} activeProps={{}} inactiveProps={{}}>
            <Icon name={entry.icon} size={24} />
            <span>{t(entry.text)}</span>
            {entry.to === "/advice" && waiting > 0 && (
              <span className="n">
                {waiting}
                <span className="vh">{t("nav.waiting", { n: waiting })}</span>
              </span>
            )}
          </Link>
        ))}
      </nav>
      <div className="content">
        <div>
          <LostBar />
          {about?.demo && <DemoBar demo={about.demo} />}
        </div>
        <main id="main" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}
