import { cn } from "./cn";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger" | "danger-ghost";
export type ButtonSize = "sm" | "md" | "lg" | "icon" | "icon-sm";

/** The one look of things that are pressed, shared by buttons and links. */
export function buttonStyle(variant: ButtonVariant = "secondary", size: ButtonSize = "md", className?: string): string {
  return cn(
    "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors duration-100 select-none",
    "aria-disabled:cursor-not-allowed aria-disabled:opacity-55 [&_svg]:shrink-0",
    sizes[size],
    variants[variant],
    className,
  );
}

const sizes: Record<ButtonSize, string> = {
  sm: "h-7 px-2 text-xs pointer-coarse:h-9 [&_svg]:size-3.5",
  md: "h-8 px-3 text-sm pointer-coarse:h-10 [&_svg]:size-4",
  lg: "h-10 px-4 text-base pointer-coarse:h-11 [&_svg]:size-4",
  icon: "size-8 text-sm pointer-coarse:size-10 [&_svg]:size-4",
  "icon-sm": "size-7 text-sm pointer-coarse:size-9 [&_svg]:size-4",
};

const variants: Record<ButtonVariant, string> = {
  primary: "border-transparent bg-brand text-brand-ink not-aria-disabled:hover:bg-brand-hover",
  secondary: "border-line-strong bg-surface text-ink not-aria-disabled:hover:bg-hover",
  ghost: "border-transparent text-muted not-aria-disabled:hover:bg-hover not-aria-disabled:hover:text-ink",
  danger: "border-transparent bg-bad text-bad-ink not-aria-disabled:hover:bg-bad-hover",
  "danger-ghost": "border-transparent text-bad-text not-aria-disabled:hover:bg-bad-soft",
};
