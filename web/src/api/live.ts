// The live feed: one connection for the page, readings by tag, the edge's clock, and what else is new.
// When nothing comes for a while the connection counts as lost; it is tried again with growing pauses.
import type { Advisory, Device, Reading, Runtime } from "./types";

export type Connection = { state: "connecting" | "live" | "lost"; since: number };

export interface LiveHandlers {
  advisory: (advisory: Advisory) => void;
  runtime: (runtime: Runtime) => void;
  device: (device: Device) => void;
  changed: (what: string[]) => void;
  /** The feed broke: it may be the edge, the network or the end of the session. */
  lost: () => void;
  /** After a break: everything may be different. */
  resumed: () => void;
}

type Listener = () => void;

/** Silence after which the feed counts as lost: two heartbeats and a bit. */
const SILENCE_MS = 12_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

const nothing: readonly (number | null)[] = [];

/** How many points a spark keeps. */
const RECENT = 60;

export class LiveFeed {
  private readings = new Map<string, Reading>();
  private recent = new Map<string, (number | null)[]>();
  private byTag = new Map<string, Set<Listener>>();
  private connectionListeners = new Set<Listener>();
  private source: EventSource | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pause = FIRST_PAUSE_MS;
  private offset = 0;
  private seen = 0;
  private broken = false;
  private stopped = true;
  private state: Connection = { state: "connecting", since: Date.now() };

  constructor(
    private readonly url: string,
    private readonly handlers: LiveHandlers,
    private readonly open: (url: string) => EventSource = (address) => new EventSource(address),
  ) {}

  start(): void {
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.silence);
    clearTimeout(this.retry);
    this.source?.close();
    this.source = undefined;
  }

  /** The edge's clock, ms. It goes on while the connection is lost. */
  now = (): number => Date.now() + this.offset;

  reading = (tag: string): Reading | undefined => this.readings.get(tag);

  /** The last minute of a tag as it came, oldest first. */
  lastMinute = (tag: string): readonly (number | null)[] => this.recent.get(tag) ?? nothing;

  connection = (): Connection => this.state;

  /** When something last came, on the edge's clock. */
  lastHeard = (): number => this.seen;

  onConnection = (listener: Listener): (() => void) => {
    this.connectionListeners.add(listener);
    return () => this.connectionListeners.delete(listener);
  };

  onTag = (tag: string, listener: Listener): (() => void) => {
    let set = this.byTag.get(tag);
    if (!set) this.byTag.set(tag, (set = new Set()));
    set.add(listener);
    return () => set.delete(listener);
  };

  /** Readings that came with a list: only where the feed has nothing newer. */
  seed(readings: readonly Reading[]): void {
    for (const reading of readings) if (!this.readings.has(reading.tag)) this.put(reading);
  }

  /** What history says of the last minute, oldest first: only where less has come by itself. */
  seedMinute(tag: string, points: readonly (number | null)[]): void {
    if (points.length <= (this.recent.get(tag)?.length ?? 0)) return;
    this.recent.set(tag, points.slice(-RECENT));
    this.byTag.get(tag)?.forEach((listener) => listener());
  }

  private put(reading: Reading): void {
    this.readings.set(reading.tag, reading);
    const numeric = typeof reading.value === "number" ? reading.value : typeof reading.value === "boolean" ? Number(reading.value) : null;
    const line = this.recent.get(reading.tag) ?? [];
    this.recent.set(reading.tag, [...line.slice(1 - RECENT), reading.quality === "bad" ? null : numeric]);
    this.byTag.get(reading.tag)?.forEach((listener) => listener());
  }

  private connect(): void {
    if (this.stopped) return;
    this.source?.close();
    const source = this.open(this.url);
    this.source = source;
    this.listenForSilence();
    const on = <D>(name: string, take: (data: D) => void) =>
      source.addEventListener(name, (event) => {
        if (this.source !== source) return;
        this.heard();
        take(JSON.parse((event as MessageEvent<string>).data) as D);
      });
    const time = (now_ms: number) => {
      this.offset = now_ms - Date.now();
      this.seen = now_ms;
    };
    on<{ now_ms: number }>("hello", ({ now_ms }) => {
      time(now_ms);
      this.pause = FIRST_PAUSE_MS;
      if (this.broken) this.handlers.resumed();
      this.broken = false;
      this.set("live");
    });
    on<{ now_ms: number; values: Reading[] }>("values", ({ now_ms, values }) => {
      time(now_ms);
      values.forEach((reading) => this.put(reading));
    });
    on<{ now_ms: number }>("heartbeat", ({ now_ms }) => time(now_ms));
    on<Advisory>("advisory", this.handlers.advisory);
    on<Runtime>("deployment", this.handlers.runtime);
    on<Device>("device", this.handlers.device);
    on<{ what: string[] }>("changed", ({ what }) => this.handlers.changed(what));
    source.onerror = () => {
      if (this.source === source) this.lose();
    };
  }

  private heard(): void {
    this.listenForSilence();
  }

  private listenForSilence(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lose(), SILENCE_MS);
  }

  private lose(): void {
    this.source?.close();
    this.source = undefined;
    clearTimeout(this.silence);
    this.broken = true;
    if (this.state.state !== "lost") this.set("lost");
    this.handlers.lost();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(LONGEST_PAUSE_MS, this.pause * 2);
  }

  private set(state: Connection["state"]): void {
    this.state = { state, since: state === "lost" && this.seen > 0 ? this.seen : this.now() };
    this.connectionListeners.forEach((listener) => listener());
    // every value on the page looks different when the feed is lost or back
    this.byTag.forEach((set) => set.forEach((listener) => listener()));
  }
}

