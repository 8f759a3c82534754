import type { ReactNode } from "react";
import { cn } from "./cn";

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** What to do next, or why there is nothing. */
  children?: ReactNode;
  action?: ReactNode;
  /** "box" draws a border, for where nothing else frames it. */
  frame?: "none" | "box";
  className?: string;
}

/** Nothing here yet, and what to do about it. */
export function EmptyState({ icon, title, children, action, frame = "none", className }: EmptyStateProps) {
  return (
    <div
      className={cn(
        "flex flex-col items-center px-6 py-12 text-center",
        frame === "box" && "rounded-lg border bg-surface",
        className,
      )}
    >
      {icon && (
        <div className="mb-3 flex size-10 items-center justify-center rounded-lg border bg-sunken text-muted [&_svg]:size-5">
          {icon}
        </div>
      )}
      <p className="text-base font-medium text-ink">{title}</p>
      {children && <div className="mt-1 max-w-sm text-sm text-balance text-muted">{children}</div>}
      {action && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
