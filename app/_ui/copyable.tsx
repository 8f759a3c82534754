"use client";

import { Check, Copy } from "lucide-react";
import type { MouseEvent, ReactNode } from "react";
import { cn } from "./cn";
import { useCopy } from "./use-copy";

interface CopyableProps {
  /** What is copied. */
  text: string;
  /** What is shown, if not the text itself. */
  children?: ReactNode;
  /** Proportional type, for what is not an address or an id. */
  plain?: boolean;
  className?: string;
}

/** An address, an id, a fingerprint: click to copy. */
export function Copyable({ text, children, plain = false, className }: CopyableProps) {
  const [isCopied, copy] = useCopy();
  return (
    <button
      type="button"
      title={isCopied ? "Copied" : `Copy ${text}`}
      onClick={(event: MouseEvent) => {
        event.stopPropagation();
        void copy(text);
      }}
      className={cn(
        "group/copy inline-flex max-w-full items-center gap-1 rounded-sm text-left hover:bg-active hover:shadow-[0_0_0_3px_var(--active)]",
        !plain && "font-mono text-[0.92em]",
        className,
      )}
    >
      <span className="truncate">{children ?? text}</span>
      <span aria-hidden className="text-faint [&_svg]:size-3">
        {isCopied ? (
          <Check className="text-ok-text" />
        ) : (
          <Copy className="opacity-0 group-hover/copy:opacity-100 group-focus-visible/copy:opacity-100 pointer-coarse:opacity-100" />
        )}
      </span>
      <span className="sr-only" aria-live="polite">
        {isCopied ? "Copied" : ""}
      </span>
    </button>
  );
}
