import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveFeed, type LiveHandlers } from "./live";
import type { Reading } from "./types";

/** A feed that the test speaks for. */
class Wire {
  static all: Wire[] = [];
  closed = false;
  onerror: (() => void) | null = null;
  private listeners = new Map<string, (event: { data: string }) => void>();
  constructor() {
    Wire.all.push(this);
  }
  addEventListener(name: string, listener: (event: { data: string }) => void) {
    this.listeners.set(name, listener);
  }
  say(name: string, data: unknown) {
    this.listeners.get(name)?.({ data: JSON.stringify(data) });
  }
  close() {
    this.closed = true;
  }
  static get last() {
    return Wire.all.at(-1)!;
  }
}

const reading = (tag: string, value: number, quality: Reading["quality"] = "good"): Reading => ({ tag, value, quality, status: "Good", at_ms: 1000 });

describe("the live feed", () => {
  const handlers: LiveHandlers = { advisory: vi.fn(), runtime: vi.fn(), device: vi.fn(), changed: vi.fn(), lost: vi.fn(), resumed: vi.fn() };
  let feed: LiveFeed;

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    vi.clearAllMocks();
    Wire.all = [];
    feed = new LiveFeed("/live", handlers, () => new Wire() as unknown as EventSource);
    feed.start();
  });
  afterEach(() => {
    feed.stop();
    vi.useRealTimers();
  });

  it("is live after hello and keeps the newest reading of each tag", () => {
    expect(feed.connection().state).toBe("connecting");
    Wire.last.say("hello", { now_ms: 5000, head: 1 });
    const heard = vi.fn();
    feed.onTag("a", heard);
    Wire.last.say("values", { now_ms: 6000, values: [reading("a", 1), reading("b", 2)] });
    expect(feed.connection().state).toBe("live");
    expect(feed.reading("a")?.value).toBe(1);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(feed.lastMinute("b")).toEqual([2]);
  });

  it("runs on the edge's clock, also while nothing comes", () => {
    Wire.last.say("hello", { now_ms: 5_000_000, head: 1 });
    vi.advanceTimersByTime(1500);
    expect(feed.now()).toBe(5_001_500);
  });

  it("is lost after silence, says since when, and tells every value", () => {
    Wire.last.say("hello", { now_ms: 1000, head: 1 });
    Wire.last.say("heartbeat", { now_ms: 6000 });
    const heard = vi.fn();
    feed.onTag("a", heard);
    vi.advanceTimersByTime(13_000);
    expect(feed.connection()).toEqual({ state: "lost", since: 6000 });
    expect(heard).toHaveBeenCalled();
  });

  it("tries again with growing pauses and asks for everything anew when it is back", () => {
    Wire.last.say("hello", { now_ms: 1000, head: 1 });
    Wire.last.onerror?.();
    expect(feed.connection().state).toBe("lost");
    for (let round = 0; round < 5; round += 1) {
      vi.advanceTimersByTime(7000);
      Wire.last.onerror?.();
    }
    expect(Wire.all.length).toBeGreaterThan(4);
    expect(feed.connection().since).toBe(1000);
    vi.advanceTimersByTime(7000);
    Wire.last.say("hello", { now_ms: 60_000, head: 2 });
    expect(feed.connection().state).toBe("live");
    expect(handlers.resumed).toHaveBeenCalledTimes(1);
  });

  it("ignores a connection that it has given up", () => {
    const old = Wire.last;
    old.onerror?.();
    vi.advanceTimersByTime(7000);
    old.say("values", { now_ms: 1, values: [reading("a", 99)] });
    expect(feed.reading("a")).toBeUndefined();
    expect(old.closed).toBe(true);
  });

  it("takes readings of a list only where it has nothing newer", () => {
    Wire.last.say("values", { now_ms: 1, values: [reading("a", 2)] });
    feed.seed([reading("a", 1), reading("b", 3)]);
    expect([feed.reading("a")?.value, feed.reading("b")?.value]).toEqual([2, 3]);
  });

  it("leaves a gap in the last minute where the value was bad", () => {
    Wire.last.say("values", { now_ms: 1, values: [reading("a", 2)] });
    Wire.last.say("values", { now_ms: 2, values: [reading("a", 3, "bad")] });
    expect(feed.lastMinute("a")).toEqual([2, null]);
  });

  it("passes on what else is new", () => {
    Wire.last.say("changed", { what: ["site"], head: 3 });
    expect(handlers.changed).toHaveBeenCalledWith(["site"]);
  });
});
