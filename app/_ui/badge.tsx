import type { ReactNode } from "react";
import { cn } from "./cn";
import { StatusDot } from "./status-dot";
import { softTone, type Tone } from "./tone";

interface BadgeProps {
  tone?: Tone;
  /** A dot before the word; "pulse" for what is going on right now. */
  dot?: boolean | "pulse";
  icon?: ReactNode;
  mono?: boolean;
  className?: string;
  children: ReactNode;
}

/** A state or a kind in one or two words. */
export function Badge({ tone = "neutral", dot, icon, mono, className, children }: BadgeProps) {
  return (
    <span
      className={cn(
        "inline-flex h-5 max-w-full items-center gap-1.5 rounded-sm px-1.5 text-xs font-medium whitespace-nowrap [&_svg]:size-3",
        softTone[tone],
        mono && "font-mono font-normal",
        className,
      )}
    >
      {dot && <StatusDot tone={tone} pulse={dot === "pulse"} />}
      {icon}
      <span className="truncate">{children}</span>
    </span>
  );
}
