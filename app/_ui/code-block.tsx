"use client";

import { cn } from "./cn";
import { CopyButton } from "./copy-button";

interface CodeBlockProps {
  code: string;
  /** A caption: a file's name, a language. */
  title?: string;
  wrap?: boolean;
  className?: string;
}

/** Commands and files to take away. */
export function CodeBlock({ code, title, wrap = false, className }: CodeBlockProps) {
  return (
    <figure className={cn("min-w-0 overflow-hidden rounded-lg border bg-sunken", className)}>
      <figcaption className="flex h-9 items-center justify-between gap-2 border-b pr-1 pl-3 text-xs text-faint">
        <span className="truncate font-mono">{title}</span>
        <CopyButton text={code} />
      </figcaption>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className={cn(
          "max-h-96 overflow-auto p-3 font-mono text-xs leading-5 text-ink focus-visible:-outline-offset-2",
          wrap && "break-all whitespace-pre-wrap",
        )}
      >
        <code>{code}</code>
      </pre>
    </figure>
  );
}
