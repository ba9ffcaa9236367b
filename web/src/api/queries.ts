// What pages ask for, each with its key. The live feed says when an answer is out of date; nothing is polled but trends.
import { QueryCache, QueryClient, queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { ApiError } from "./problem";

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // the session ended: ask who we are, which shows the sign-in page
    onError: (error, query) => {
      if (error instanceof ApiError && error.problem.kind === "no-session" && query.queryKey[0] !== "me") void queryClient.invalidateQueries({ queryKey: ["me"] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      // a refusal will not change by asking again; a lost connection is tried by the live feed
      retry: (count, error) => !(error instanceof ApiError && ["no-session", "no-right", "not-found"].includes(error.problem.kind)) && count < 2,
      retryDelay: 500,
      networkMode: "always",
    },
    mutations: { networkMode: "always", retry: false },
  },
});

/** The switches of the demonstration may also be moved elsewhere. */
const DEMO_MS = 5_000;

export const aboutQuery = queryOptions({ queryKey: ["about"], queryFn: () => client.GET("/api/v1/about"), staleTime: 60_000, refetchInterval: (query) => (query.state.data?.demo ? DEMO_MS : false) });

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: () => client.GET("/api/v1/me"), refetchInterval: 30_000 });

export const placesQuery = queryOptions({ queryKey: ["places"], queryFn: () => client.GET("/api/v1/places") });

export const tagsQuery = (filter: { place?: string; device?: string } = {}) =>
  queryOptions({ queryKey: ["tags", filter], queryFn: () => client.GET("/api/v1/tags", { params: { query: filter } }) });

export const tagSettingsQuery = (name: string) =>
  queryOptions({ queryKey: ["tags", "settings", name], queryFn: () => client.GET("/api/v1/tags/{name}/settings", { params: { path: { name } } }) });

export const devicesQuery = queryOptions({ queryKey: ["devices"], queryFn: () => client.GET("/api/v1/devices") });

export const deviceQuery = (name: string) =>
  queryOptions({ queryKey: ["devices", name], queryFn: () => client.GET("/api/v1/devices/{name}", { params: { path: { name } } }), refetchInterval: 10_000 });

export const deploymentsQuery = queryOptions({ queryKey: ["deployments"], queryFn: () => client.GET("/api/v1/deployments") });

export const deploymentQuery = (name: string) =>
  queryOptions({ queryKey: ["deployments", name], queryFn: () => client.GET("/api/v1/deployments/{name}", { params: { path: { name } } }) });

export const bundlesQuery = queryOptions({ queryKey: ["bundles"], queryFn: () => client.GET("/api/v1/bundles") });

export const bundleQuery = (digest: string) =>
  queryOptions({ queryKey: ["bundles", digest], queryFn: () => client.GET("/api/v1/bundles/{digest}", { params: { path: { digest } } }), staleTime: Infinity });

export const advisoriesQuery = (all: boolean) =>
  queryOptions({ queryKey: ["advisories", { all }], queryFn: () => client.GET("/api/v1/advisories", { params: { query: { all, limit: 200 } } }) });

export const siteQuery = queryOptions({ queryKey: ["site"], queryFn: () => client.GET("/api/v1/site") });

export const doctorQuery = queryOptions({ queryKey: ["doctor"], queryFn: () => client.GET("/api/v1/doctor"), staleTime: 5_000 });

export const outletsQuery = queryOptions({ queryKey: ["outlets"], queryFn: () => client.GET("/api/v1/outlets"), staleTime: 2_000, refetchInterval: 5_000 });

export const linkQuery = queryOptions({ queryKey: ["link"], queryFn: () => client.GET("/api/v1/link"), staleTime: 2_000, refetchInterval: 5_000 });

export const historyQuery = queryOptions({ queryKey: ["history"], queryFn: () => client.GET("/api/v1/history"), staleTime: 5_000 });

/** Which queries an event `changed` puts out of date. */
export const outdatedBy: Record<string, readonly string[]> = {
  site: ["places", "tags", "devices", "site"],
  devices: ["devices"],
  deployments: ["deployments", "places", "tags"],
  bundles: ["bundles"],
  accounts: ["accounts", "me"],
  advisories: ["advisories", "places", "deployments"],
  changes: ["changes"],
};
