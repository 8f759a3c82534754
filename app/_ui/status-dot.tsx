import { cn } from "./cn";
import { fillTone, type Tone } from "./tone";

interface StatusDotProps {
  tone: Tone;
  pulse?: boolean;
  /** Needed where no word stands beside it. */
  label?: string;
  className?: string;
}

export function StatusDot({ tone, pulse = false, label, className }: StatusDotProps) {
  return (
    <span
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
      className={cn(
        "inline-block size-1.5 shrink-0 rounded-full",
        fillTone[tone],
        pulse && "animate-pulse-dot",
        className,
      )}
    />
  );
}

/** A dot and its word, unboxed: for table cells, where a column of badges is too loud. */
export function Status({ tone, pulse, children }: { tone: Tone; pulse?: boolean; children: React.ReactNode }) {
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <StatusDot tone={tone} pulse={pulse} />
      {children}
    </span>
  );
}
