// One strip's plot area on a canvas (uPlot): normal band, min–max veil, line, and the part since an advice in blue.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { ends, type Strip } from "./model";

interface PlotProps {
  strip: Strip;
  from: number;
  to: number;
  /** From here on the line is blue. */
  since?: number | undefined;
  /** Strips of one key share their cursor. */
  syncKey: string;
  onCursor: (time: number | null) => void;
}

interface Colours {
  trace: string;
  band: string;
  veil: string;
  abnormal: string;
  limit: string;
}

/** Token colours as the canvas needs them: resolved, for the theme in use now. */
function coloursOf(element: HTMLElement): Colours {
  const probe = document.createElement("span");
  element.append(probe);
  const read = (token: string) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const colours = { trace: read("--trace"), band: read("--band"), veil: read("--trace-2"), abnormal: read("--blue"), limit: read("--trace-2") };
  probe.remove();
  return colours;
}

function columns(strip: Strip, since: number | undefined): uPlot.AlignedData {
  const data = strip.data;
  if (!data || data.times.length === 0) return [[], [], [], [], []];
  const at = since === undefined ? Infinity : since;
  const before = data.mean.map((value, index) => (data.times[index]! <= at || data.times[index - 1]! <= at ? value : null));
  const after = data.mean.map((value, index) => (data.times[index]! > at ? value : null));
  return [data.times.map((ms) => ms / 1000), data.max, data.min, before, after];
}

export function Plot({ strip, from, to, since, syncKey, onCursor }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const props = useRef({ strip, from, to, onCursor });
  props.current = { strip, from, to, onCursor };

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let colours = coloursOf(element);
    const stepped = strip.stepped ? uPlot.paths.stepped!({ align: 1 }) : undefined;
    const line = (stroke: () => string, width: number): uPlot.Series => ({ stroke, width, points: { show: false }, spanGaps: false, ...(stepped ? { paths: stepped } : {}) });
    const drawBand = (u: uPlot) => {
      const { band, limit } = props.current.strip;
      const { left, top, width, height } = u.bbox;
      const ctx = u.ctx;
      ctx.save();
      if (band) {
        const high = Math.max(top, u.valToPos(band[1], "y", true));
        const low = Math.min(top + height, u.valToPos(band[0], "y", true));
        ctx.fillStyle = colours.band;
        if (low > high) ctx.fillRect(left, high, width, low - high);
      }
      if (limit) {
        const y = Math.round(u.valToPos(limit.value, "y", true)) + 0.5;
        ctx.strokeStyle = colours.limit;
        ctx.lineWidth = devicePixelRatio;
        ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(left, y);
        ctx.lineTo(left + width, y);
        ctx.stroke();
      }
      ctx.restore();
    };
    const u = new uPlot(
      {
        width: Math.max(1, element.clientWidth),
        height: Math.max(1, element.clientHeight),
        padding: [0, 0, 0, 0],
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: {
          x: { time: false, range: () => [props.current.from / 1000, props.current.to / 1000] },
          y: { range: () => ends(props.current.strip) },
        },
        series: [{}, line(() => "transparent", 0), line(() => "transparent", 0), line(() => colours.trace, 1.5), line(() => colours.abnormal, 2)],
        bands: [{ series: [1, 2], fill: () => `color-mix(in srgb, ${colours.veil} 28%, transparent)` }],
        cursor: { sync: { key: syncKey }, y: false, drag: { x: false, y: false }, points: { show: false } },
        hooks: {
          drawClear: [drawBand],
          setCursor: [
            (self) => {
              const left = self.cursor.left ?? -1;
              props.current.onCursor(left < 0 ? null : self.posToVal(left, "x") * 1000);
            },
          ],
        },
      },
      columns(props.current.strip, since),
      element,
    );
    plot.current = u;
    const resize = new ResizeObserver(() => u.setSize({ width: Math.max(1, element.clientWidth), height: Math.max(1, element.clientHeight) }));
    resize.observe(element);
    const repaint = () => {
      colours = coloursOf(element);
      u.redraw(false, true);
    };
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", repaint);
    const theme = new MutationObserver(repaint);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      resize.disconnect();
      theme.disconnect();
      scheme.removeEventListener("change", repaint);
      u.destroy();
      plot.current = null;
    };
    // a new canvas only for what cannot be changed in place
  }, [strip.tag, strip.stepped, syncKey]);

  useEffect(() => {
    plot.current?.setData(columns(strip, since), true);
  }, [strip, since, from, to]);

  return <div className="plot" ref={host} />;
}
