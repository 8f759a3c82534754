import { cn } from "./cn";

/** A gate, and its bridge half lowered. The same drawing as public/icon.svg. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden fill="none" className={cn("size-6 shrink-0", className)}>
      <rect width="24" height="24" rx="6" fill="var(--brand)" />
      <g stroke="var(--brand-ink)" strokeWidth="2.3" strokeLinecap="round" strokeLinejoin="round">
        <path d="M5.5 19V11.3a6.5 6.5 0 0 1 13 0V19" />
        <path d="M9.6 18.8L15 14" />
      </g>
    </svg>
  );
}

export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn("inline-flex items-center gap-2 text-base font-semibold tracking-tight text-ink", className)}>
      <LogoMark />
      Drawbridge
    </span>
  );
}
