import type { ReactNode } from "react";
import { cn } from "./cn";

export interface KeyValueItem {
  label: ReactNode;
  /** undefined, null and "" are shown as a dash. */
  value: ReactNode;
  mono?: boolean;
}

interface KeyValueProps {
  items: readonly (KeyValueItem | false | null | undefined)[];
  columns?: 1 | 2 | 3;
  className?: string;
}

/** Facts of one thing. */
export function KeyValue({ items, columns = 1, className }: KeyValueProps) {
  return (
    <dl
      className={cn(
        "grid grid-cols-[minmax(0,1fr)] gap-x-8",
        columns === 2 && "sm:grid-cols-2",
        columns === 3 && "sm:grid-cols-2 xl:grid-cols-3",
        className,
      )}
    >
      {items.map(
        (item, index) =>
          item && (
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: a label may be a node, and the list does not move
              key={index}
              className="flex min-h-9 min-w-0 items-start gap-4 border-b border-line/70 py-2 last:border-b-0"
            >
              <dt className="w-28 shrink-0 sm:w-32 text-faint">{item.label}</dt>
              <dd className={cn("min-w-0 flex-1 break-words text-ink", item.mono && "font-mono text-xs leading-5")}>
                {item.value === undefined || item.value === null || item.value === "" ? (
                  <span className="text-faint">–</span>
                ) : (
                  item.value
                )}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
