import type { ReactNode } from "react";
import { Logo } from "./logo";

interface AuthShellProps {
  title: string;
  description?: ReactNode;
  /** Below the box: a way elsewhere. */
  footer?: ReactNode;
  children: ReactNode;
}

/** The frame of pages met before one is in. */
export function AuthShell({ title, description, footer, children }: AuthShellProps) {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 py-[10vh]">
      <header className="mb-6">
        <Logo />
      </header>
      <main id="main" className="w-full max-w-sm rounded-xl border bg-surface p-6">
        <h1 className="text-lg font-semibold tracking-tight text-ink">{title}</h1>
        {description && <div className="mt-1 text-sm text-muted">{description}</div>}
        <div className="mt-5">{children}</div>
      </main>
      {footer && <footer className="mt-4 max-w-sm text-center text-xs text-faint">{footer}</footer>}
    </div>
  );
}
