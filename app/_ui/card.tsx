import type { ReactNode } from "react";
import { cn } from "./cn";

interface CardProps {
  /** To be scrolled to. */
  id?: string;
  title?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** "none" lets a table or a list touch the border. */
  padding?: "normal" | "none";
  className?: string;
  children: ReactNode;
}

/** A part of a page, in a frame. */
export function Card({ id, title, description, actions, padding = "normal", className, children }: CardProps) {
  return (
    <section id={id} className={cn("min-w-0 rounded-lg border bg-surface", className)}>
      {(title || actions) && (
        <header className="flex min-h-11 items-center justify-between gap-3 border-b px-4 py-2">
          <div className="min-w-0">
            {title && <h2 className="truncate text-sm font-medium text-ink">{title}</h2>}
            {description && <p className="text-xs text-faint">{description}</p>}
          </div>
          {actions && <div className="flex shrink-0 items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={cn(padding === "normal" && "p-4")}>{children}</div>
    </section>
  );
}
