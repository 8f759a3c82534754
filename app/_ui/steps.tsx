import { Check } from "lucide-react";
import { cn } from "./cn";

interface StepsProps {
  steps: readonly string[];
  /** The index of the one being done; `steps.length` when all are. */
  current: number;
  className?: string;
}

/** Where one is in a task of several screens. */
export function Steps({ steps, current, className }: StepsProps) {
  return (
    <ol className={cn("flex flex-wrap items-center gap-x-3 gap-y-2 text-xs", className)}>
      {steps.map((step, index) => {
        const isDone = index < current;
        const isCurrent = index === current;
        return (
          <li key={step} aria-current={isCurrent ? "step" : undefined} className="flex items-center gap-2">
            {index > 0 && (
              <span aria-hidden className={cn("h-px w-5 bg-line-strong", index <= current && "bg-brand")} />
            )}
            <span
              className={cn(
                "flex size-5 items-center justify-center rounded-full border text-2xs text-faint",
                isDone && "border-brand bg-brand text-brand-ink",
                isCurrent && "border-brand text-brand-text",
              )}
            >
              {isDone ? <Check aria-label="done" className="size-3" strokeWidth={3} /> : index + 1}
            </span>
            <span className={cn("text-faint", isCurrent && "font-medium text-ink", isDone && "text-muted")}>
              {step}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
