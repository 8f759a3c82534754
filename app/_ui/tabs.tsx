"use client";

import { parseAsString, useQueryState } from "nuqs";
import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { formatNumber } from "../_lib/format";
import { cn } from "./cn";

export interface Tab {
  value: string;
  label: ReactNode;
  count?: number;
  content: ReactNode;
}

/** Parts of one page. The chosen one is kept in the URL under `param`, so that it can be linked to. */
export function Tabs({ tabs, param = "tab", className }: { tabs: readonly Tab[]; param?: string; className?: string }) {
  const first = tabs[0]?.value ?? "";
  const [asked, setAsked] = useQueryState(param, parseAsString.withDefault(first));
  const value = tabs.some((tab) => tab.value === asked) ? asked : first;
  return (
    <Radix.Root value={value} onValueChange={(next) => void setAsked(next)} className={className}>
      <Radix.List className="flex gap-1 overflow-x-auto border-b">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px flex h-9 items-center gap-1.5 border-b-2 border-transparent px-2.5 text-sm whitespace-nowrap text-muted hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-brand data-[state=active]:font-medium data-[state=active]:text-ink"
          >
            {tab.label}
            {tab.count !== undefined && (
              <span className="rounded-sm bg-hover px-1 text-xs text-muted">{formatNumber(tab.count)}</span>
            )}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className={cn("pt-4 focus-visible:outline-offset-4")}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
