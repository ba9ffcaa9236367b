// The typed client: paths, parameters and shapes come from the generated schema, nothing is described twice.
// Every answer that is no success becomes an ApiError with its problem in words.
import { ApiError, offline, problemOf } from "./problem";
import type { paths } from "./schema";

type Method = "get" | "post" | "put" | "delete";
type PathWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;

/** The JSON of a 200; `unknown` for files. */
type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer T } } } } ? T : unknown;
type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? { body: B } : O extends { requestBody?: { content: { "application/json": infer B } } } ? { body?: B } : unknown;
type PathPart<O> = O extends { parameters: { path: infer V } } ? ([V] extends [undefined] ? unknown : { path: V }) : unknown;
type QueryPart<O> = O extends { parameters: { query: infer V } } ? ([V] extends [undefined] ? unknown : { query: V }) : O extends { parameters: { query?: infer V } } ? { query?: V } : unknown;
type Params<O> = PathPart<O> & QueryPart<O>;
type Options<O> = Body<O> & ({} extends Params<O> ? { params?: Params<O> } : { params: Params<O> }) & { signal?: AbortSignal };
type Rest<O> = {} extends Options<O> ? [options?: Options<O>] : [options: Options<O>];

interface Loose {
  params?: { path?: Record<string, string | number>; query?: Record<string, unknown> };
  body?: unknown;
  signal?: AbortSignal;
}

/** The address of an operation with its parameters put in. Exported for its test. */
export function addressOf(path: string, params: Loose["params"]): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params?.path?.[name] ?? "")));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params?.query ?? {})) if (value !== undefined && value !== null) query.set(name, String(value));
  const asked = query.toString();
  return asked ? `${filled}?${asked}` : filled;
}

/** One request. No answer at all is the problem "offline". */
export async function send(method: string, address: string, body?: BodyInit, type = "application/json", signal?: AbortSignal): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(address, { method, credentials: "same-origin", headers: body === undefined ? {} : { "content-type": type }, body: body ?? null, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(offline());
  }
  const json = response.headers.get("content-type")?.includes("json") ? ((await response.json().catch(() => undefined)) as unknown) : undefined;
  if (!response.ok) throw new ApiError(problemOf(response.status, json as object | undefined));
  return json;
}

function caller<M extends Method>(method: M) {
  return async <P extends PathWith<M>>(path: P, ...[options]: Rest<Operation<P, M>>): Promise<Answer<Operation<P, M>>> => {
    const { params, body, signal } = (options ?? {}) as Loose;
    return (await send(method.toUpperCase(), addressOf(path as string, params), body === undefined ? undefined : JSON.stringify(body), undefined, signal)) as Answer<Operation<P, M>>;
  };
}

export const client = { GET: caller("get"), POST: caller("post"), PUT: caller("put"), DELETE: caller("delete") };

/** A path that the server itself named, such as the switches of the demonstration. */
export async function post(path: string, body: unknown): Promise<void> {
  await send("POST", path, JSON.stringify(body));
}
