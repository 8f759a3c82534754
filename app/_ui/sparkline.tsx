import { cn } from "./cn";

interface SparklineProps {
  values: readonly number[];
  /** What the line shows, for those who do not see it; left out where a number beside it says as much. */
  label?: string;
  className?: string;
}

/** The shape of the recent past, without axes. Takes its colour from the text. */
export function Sparkline({ values, label, className }: SparklineProps) {
  if (values.length < 2) return null;
  const top = Math.max(...values);
  const bottom = Math.min(0, ...values);
  const range = top - bottom || 1;
  const points = values.map((value, index) => [
    (index / (values.length - 1)) * 100,
    23 - ((value - bottom) / range) * 22,
  ]);
  const line = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x!.toFixed(2)} ${y!.toFixed(2)}`).join("");
  return (
    <svg
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
      className={cn("h-6 w-24 text-brand", className)}
    >
      <path d={`${line}L100 24L0 24Z`} fill="currentColor" opacity="0.12" />
      <path d={line} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
