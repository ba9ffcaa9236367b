// What stands before the pages: is the edge there, is it set up, who is asking.
import { useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { asProblem } from "../api/problem";
import { aboutQuery, meQuery } from "../api/queries";
import { Failure, Skeleton } from "../ui/States";
import { router } from "./router";
import "./shell.css";

const SignIn = lazy(() => import("../pages/sign-in/SignIn").then((page) => ({ default: page.SignIn })));
const FirstRun = lazy(() => import("../pages/sign-in/FirstRun").then((page) => ({ default: page.FirstRun })));

export function Gate() {
  const about = useQuery(aboutQuery);
  const me = useQuery({ ...meQuery, enabled: about.data !== undefined && !about.data.first_run });
  const waiting = <Skeleton rows={3} height={120} />;

  if (about.isLoadingError) return <div className="gate"><Failure problem={asProblem(about.error)} onRetry={() => void about.refetch()} /></div>;
  if (!about.data) return waiting;
  if (about.data.first_run) return <Suspense fallback={waiting}><FirstRun about={about.data} /></Suspense>;
  const problem = me.error ? asProblem(me.error) : undefined;
  // a session that ended while the page was open ends the page too; an edge that is away does not
  const out = problem?.kind === "no-session" || problem?.kind === "no-right";
  if (me.data && !out) return <RouterProvider router={router} />;
  if (!problem) return waiting;
  if (out) return <Suspense fallback={waiting}><SignIn about={about.data} /></Suspense>;
  return <div className="gate"><Failure problem={problem} onRetry={() => void me.refetch()} /></div>;
}
