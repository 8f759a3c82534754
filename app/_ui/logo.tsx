import { cn } from "./cn";

/** A bridge with its deck half lowered, held by its chain. The same drawing as public/icon.svg. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden fill="none" className={cn("size-6 shrink-0", className)}>
      <rect width="24" height="24" rx="6" fill="var(--brand)" />
      <g stroke="var(--brand-ink)" strokeLinecap="round" strokeLinejoin="round">
        <path d="M7 18.5V5.5" strokeWidth="2.4" />
        <path d="M7 16.8L18.6 12.6" strokeWidth="2.4" />
        <path d="M7.6 6L17.6 12.4" strokeWidth="1.1" opacity="0.8" />
        <path d="M14.5 18.6H19" strokeWidth="2.4" />
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
