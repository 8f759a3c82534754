import Link from "next/link";
import type { ComponentProps } from "react";
import { cn } from "./cn";

/** A link in running text or in a cell: underlined, since colour alone does not tell it from the text (WCAG 1.4.1). */
export function TextLink({ className, ...rest }: ComponentProps<typeof Link>) {
  return (
    <Link
      {...rest}
      className={cn(
        "rounded-sm text-brand-text underline decoration-line-strong underline-offset-2 hover:decoration-current",
        className,
      )}
    />
  );
}
