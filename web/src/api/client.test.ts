import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadLanguage } from "../text";
import { addressOf, client } from "./client";
import { ApiError, asProblem, problemOf } from "./problem";

beforeAll(() => loadLanguage("en"));
afterEach(() => vi.unstubAllGlobals());

describe("an address", () => {
  it("keeps the slashes of a tag inside one part", () => {
    expect(addressOf("/api/v1/tags/{name}/settings", { path: { name: "line-2/pump-7/x" } })).toBe("/api/v1/tags/line-2%2Fpump-7%2Fx/settings");
  });

  it("leaves away what was not asked", () => {
    expect(addressOf("/api/v1/tags", { query: { place: undefined, device: "plc 2" } })).toBe("/api/v1/tags?device=plc+2");
    expect(addressOf("/api/v1/tags", undefined)).toBe("/api/v1/tags");
  });
});

describe("a request", () => {
  it("throws the problem in words", async () => {
    const body = JSON.stringify({ code: "device.unknown", place: "plc-9", what: "There is no such device.", request: "r" });
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status: 404, headers: { "content-type": "application/problem+json" } })));
    const problem = await client.GET("/api/v1/devices").catch(asProblem);
    expect(problem).toMatchObject({ kind: "not-found", what: "There is no such device." });
  });

  it("without an answer is the problem offline", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    await expect(client.GET("/api/v1/devices")).rejects.toBeInstanceOf(ApiError);
    expect(await client.GET("/api/v1/devices").catch(asProblem)).toMatchObject({ kind: "offline" });
  });
});

describe("a refusal", () => {
  it("says who could", () => {
    const problem = problemOf(403, { code: "access.refused", what: "You can't do this.", who_could: ["A. Berger", "M. Lang"] });
    expect(problem.kind).toBe("no-right");
    expect(problem.why).toBe("2 can: A. Berger, M. Lang.");
  });

  it("keeps all problems of one request", () => {
    expect(problemOf(422, { code: "a.b", what: "x", problems: [{ code: "a.b", what: "x" }, { code: "c.d", what: "y" }] }).all).toHaveLength(2);
  });

  it("has words even when the server has none", () => {
    expect(problemOf(502, undefined).what).toContain("502");
  });
});
