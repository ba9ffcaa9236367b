// The routes. Line is in the first download; every other page comes when it is opened.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { LinePage } from "../pages/line/LinePage";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

// a place called `2` arrives as a number
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined);
const count = (value: unknown): number | undefined => (typeof value === "number" && Number.isFinite(value) ? value : undefined);

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const routes = [
  createRoute({ getParentRoute: () => root, path: "/", beforeLoad: () => { throw redirect({ to: "/line", search: {} }); } }),
  createRoute({ getParentRoute: () => root, path: "/sign-in", beforeLoad: () => { throw redirect({ to: "/line", search: {} }); } }),
  createRoute({ getParentRoute: () => root, path: "/enter/$code", beforeLoad: () => { throw redirect({ to: "/line", search: {} }); } }),
  createRoute({ getParentRoute: () => root, path: "/line", component: LinePage, validateSearch: (search): { place?: string | undefined } => ({ place: text(search.place) }) }),
  createRoute({ getParentRoute: () => root, path: "/connect", component: lazyRouteComponent(() => import("../pages/connect/ConnectPage"), "ConnectPage") }),
  createRoute({ getParentRoute: () => root, path: "/connect/add", component: lazyRouteComponent(() => import("../pages/connect/AddPage"), "AddPage"), validateSearch: (search): { device?: string | undefined } => ({ device: text(search.device) }) }),
  createRoute({ getParentRoute: () => root, path: "/connect/device/$name", component: lazyRouteComponent(() => import("../pages/connect/DevicePage"), "DevicePage") }),
  createRoute({ getParentRoute: () => root, path: "/connect/tags", component: lazyRouteComponent(() => import("../pages/connect/TagsPage"), "TagsPage"), validateSearch: (search): { place?: string | undefined; device?: string | undefined } => ({ place: text(search.place), device: text(search.device) }) }),
  createRoute({ getParentRoute: () => root, path: "/models", component: lazyRouteComponent(() => import("../pages/models/ModelsPage"), "ModelsPage") }),
  createRoute({ getParentRoute: () => root, path: "/models/new", component: lazyRouteComponent(() => import("../pages/models/DeployPage"), "DeployPage"), validateSearch: (search): { bundle?: string | undefined } => ({ bundle: text(search.bundle) }) }),
  createRoute({ getParentRoute: () => root, path: "/models/at/$name", component: lazyRouteComponent(() => import("../pages/models/ModelPage"), "ModelPage") }),
  createRoute({ getParentRoute: () => root, path: "/models/at/$name/map", component: lazyRouteComponent(() => import("../pages/models/MapPage"), "MapPage") }),
  createRoute({ getParentRoute: () => root, path: "/advice", component: lazyRouteComponent(() => import("../pages/advice/AdvicePage"), "AdvicePage") }),
  createRoute({ getParentRoute: () => root, path: "/changes", component: lazyRouteComponent(() => import("../pages/changes/ChangesPage"), "ChangesPage"), validateSearch: (search): { at?: number | undefined; place?: string | undefined } => ({ at: count(search.at), place: text(search.place) }) }),
  createRoute({ getParentRoute: () => root, path: "/trend", component: lazyRouteComponent(() => import("../pages/trend/TrendPage"), "TrendPage"), validateSearch: (search): { tags?: string | undefined; span?: string | undefined; to?: number | undefined } => ({ tags: text(search.tags), span: text(search.span), to: count(search.to) }) }),
  createRoute({ getParentRoute: () => root, path: "/system", component: lazyRouteComponent(() => import("../pages/system/SystemPage"), "SystemPage") }),
] as const;

export const router = createRouter({ routeTree: root.addChildren(routes), defaultPreload: "intent", scrollRestoration: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
