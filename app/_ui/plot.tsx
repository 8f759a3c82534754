"use client";

import { useTheme } from "next-themes";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatNumber, formatTime } from "../_lib/format";
import { cn } from "./cn";
import { EmptyState } from "./empty-state";
import { fillTone, type Tone } from "./tone";

export interface PlotSeries {
  label: string;
  /** One for each time; null is a gap. */
  values: readonly (number | null)[];
  tone?: Tone;
  kind?: "area" | "line";
}

interface PlotProps {
  /** What is shown: "Throughput, last hour". */
  label: string;
  /** Milliseconds since 1970, rising. */
  times: readonly number[];
  series: readonly PlotSeries[];
  formatValue?: (value: number) => string;
  height?: number;
  className?: string;
}

/** Values over time. Those who do not see it are told the last and the highest of each series. */
export function Plot({ label, times, series, formatValue = formatNumber, height = 180, className }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const { resolvedTheme } = useTheme();
  const format = useRef(formatValue);
  format.current = formatValue;
  const data = useMemo(
    () => [times.map((time) => time / 1000), ...series.map((entry) => [...entry.values])] as uPlot.AlignedData,
    [times, series],
  );
  const latest = useRef(data);
  latest.current = data;
  const shape = series.map((entry) => `${entry.label}\t${entry.tone}\t${entry.kind}`).join("\n");
  const isEmpty = times.length === 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew for another theme or other series; data is set below
  useEffect(() => {
    const element = host.current;
    if (!element || isEmpty) return;
    const options = plotOptions(element, series, height, (value) => format.current(value), setHovered);
    const created = new uPlot(options, latest.current, element);
    plot.current = created;
    const observer = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [shape, height, resolvedTheme, isEmpty]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  if (isEmpty) return <EmptyState title="No data yet" className={cn("py-8", className)} />;
  const at = hovered ?? times.length - 1;
  return (
    <figure className={cn("min-w-0", className)} aria-label={summarizePlot(label, series, formatValue)}>
      <figcaption className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-muted">
        {series.map((entry) => (
          <span key={entry.label} className="inline-flex items-center gap-1.5">
            <span aria-hidden className={cn("h-0.5 w-3 rounded-full", fillTone[entry.tone ?? "brand"])} />
            {entry.label}
            <span className="text-ink">{showValue(entry.values[at], formatValue)}</span>
          </span>
        ))}
        <span className="ml-auto text-faint" suppressHydrationWarning>
          {hovered !== null && times[at] !== undefined ? formatTime(new Date(times[at])) : ""}
        </span>
      </figcaption>
      <div ref={host} style={{ height }} className="min-w-0 overflow-hidden" />
    </figure>
  );
}

/** "Throughput. In: now 1.2 Mbit/s, highest 8 Mbit/s." */
export function summarizePlot(
  label: string,
  series: readonly PlotSeries[],
  formatValue: (value: number) => string,
): string {
  const parts = series.map((entry) => {
    const known = entry.values.filter((value): value is number => value !== null);
    if (known.length === 0) return `${entry.label}: nothing`;
    return `${entry.label}: now ${formatValue(known.at(-1)!)}, highest ${formatValue(known.reduce((a, b) => Math.max(a, b)))}`;
  });
  return `${label}. ${parts.join(". ")}.`;
}

function showValue(value: number | null | undefined, formatValue: (value: number) => string): string {
  return value === null || value === undefined ? "–" : formatValue(value);
}

function plotOptions(
  element: HTMLElement,
  series: readonly PlotSeries[],
  height: number,
  formatValue: (value: number) => string,
  onHover: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis: uPlot.Axis = {
    stroke: color("faint"),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    padding: [8, 4, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_plot, low, high) => [Math.min(0, low), high > 0 ? high * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 70,
        values: (_plot, splits, _axis, _space, step) => splits.map((at) => tick(at, step)),
      },
      {
        ...axis,
        space: 40,
        size: (_plot, values) => Math.max(36, ...(values ?? []).map((value) => value.length * 6.5 + 12)),
        values: (_plot, splits) => splits.map((value) => formatValue(value)),
      },
    ],
    series: [
      {},
      ...series.map((entry): uPlot.Series => {
        const stroke = color(entry.tone === "neutral" ? "muted" : (entry.tone ?? "brand"));
        return {
          stroke,
          width: 1.5,
          fill: entry.kind === "line" ? undefined : `color-mix(in oklch, ${stroke} 12%, transparent)`,
          points: { show: false },
          spanGaps: false,
        };
      }),
    ],
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
  };
}

/** Hours and minutes, seconds where the ticks are nearer, dates where they are days apart; in the reader's zone. */
function tick(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  if (step >= 86_400) return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(date);
  return step >= 60 ? formatTime(date).slice(0, 5) : formatTime(date);
}
