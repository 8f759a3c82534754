import { ArrowDownRight, ArrowUpRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { cn } from "./cn";
import { Skeleton } from "./skeleton";
import { Sparkline } from "./sparkline";
import { type Tone, textTone } from "./tone";

interface StatProps {
  label: string;
  /** undefined while it loads. */
  value: ReactNode;
  /** A quieter word after the number: "of 50". */
  unit?: ReactNode;
  /** A line below: a date, a cause. */
  detail?: ReactNode;
  /** A change since before: its direction, its words, and whether that is good. */
  delta?: { direction: "up" | "down"; text: string; tone?: Tone };
  sparkline?: readonly number[];
  /** Makes the whole tile a link. */
  href?: string;
  className?: string;
}

/** One number that matters. Several go into a `<StatGroup>`. */
export function Stat({ label, value, unit, detail, delta, sparkline, href, className }: StatProps) {
  const Arrow = delta?.direction === "down" ? ArrowDownRight : ArrowUpRight;
  return (
    <div className={cn("relative min-w-0 bg-surface px-4 py-3", href && "transition-colors hover:bg-hover", className)}>
      <dt className="truncate text-xs text-faint">
        {href ? (
          <Link href={href} className="after:absolute after:inset-0">
            {label}
          </Link>
        ) : (
          label
        )}
      </dt>
      <dd className="mt-1">
        <span className="flex items-end justify-between gap-3">
          {value === undefined ? (
            <Skeleton className="my-1 h-5 w-16" />
          ) : (
            <span className="flex min-w-0 items-baseline gap-1.5">
              <span className="text-xl font-semibold tracking-tight text-ink">{value}</span>
              {unit && <span className="truncate text-xs text-faint">{unit}</span>}
            </span>
          )}
          {sparkline && <Sparkline values={sparkline} className="w-20 max-sm:hidden" />}
        </span>
        {delta && (
          <span className={cn("mt-0.5 flex items-center gap-0.5 text-xs", textTone[delta.tone ?? "neutral"])}>
            <Arrow aria-hidden className="size-3.5" />
            <span className="sr-only">{delta.direction}</span>
            {delta.text}
          </span>
        )}
        {detail && <span className="mt-0.5 block truncate text-xs text-faint">{detail}</span>}
      </dd>
    </div>
  );
}

/** Tiles in one frame, parted by hairlines. */
export function StatGroup({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <dl
      className={cn(
        "grid grid-cols-2 gap-px overflow-hidden rounded-lg border bg-line sm:grid-cols-[repeat(auto-fit,minmax(11rem,1fr))]",
        className,
      )}
    >
      {children}
    </dl>
  );
}
