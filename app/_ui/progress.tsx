import { cn } from "./cn";
import { fillTone, type Tone } from "./tone";

interface ProgressProps {
  /** From 0 to `max`; left out while nobody knows. */
  value?: number;
  max?: number;
  label: string;
  tone?: Tone;
  className?: string;
}

export function Progress({ value, max = 1, label, tone = "brand", className }: ProgressProps) {
  const share = value === undefined ? undefined : Math.min(1, Math.max(0, max === 0 ? 0 : value / max));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === undefined ? undefined : Math.round(share * 100)}
      className={cn("h-1.5 w-full overflow-hidden rounded-full bg-active", className)}
    >
      <div
        className={cn(
          "h-full rounded-full transition-[width] duration-300 ease-out",
          fillTone[tone],
          share === undefined && "w-2/5 animate-sweep",
        )}
        style={share === undefined ? undefined : { width: `${share * 100}%` }}
      />
    </div>
  );
}
