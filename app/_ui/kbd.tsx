"use client";

import { cn } from "./cn";
import { useIsApple } from "./use-platform";

/** Keys to press: "mod+k", "g a", "?". `mod` is ⌘ or Ctrl, as the reader's keyboard has it. */
export function Kbd({ keys, className }: { keys: string; className?: string }) {
  const isApple = useIsApple();
  return (
    <span className={cn("inline-flex items-center gap-1", className)}>
      {keys.split(" ").map((stroke, index) => (
        <kbd
          // biome-ignore lint/suspicious/noArrayIndexKey: "g g" holds the same stroke twice
          key={index}
          className="inline-flex h-5 min-w-5 items-center justify-center rounded-sm border border-line-strong bg-surface px-1 font-sans text-2xs text-muted"
        >
          {stroke
            .split("+")
            .map((key) => keyName(key, isApple))
            .join(isApple ? "" : " ")}
        </kbd>
      ))}
    </span>
  );
}

function keyName(key: string, isApple: boolean): string {
  if (key === "mod") return isApple ? "⌘" : "Ctrl";
  return names[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key);
}

const names: Record<string, string> = { enter: "↵", escape: "Esc", up: "↑", down: "↓", shift: "⇧", space: "Space" };
