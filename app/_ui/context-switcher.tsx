"use client";

import { Command } from "cmdk";
import { Check, ChevronsUpDown } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { cn } from "./cn";
import { Popover } from "./popover";
import { menuItemStyle } from "./popover-style";

export interface ContextItem {
  label: string;
  href: string;
  detail?: string;
  current?: boolean;
}

interface ContextSwitcherProps {
  /** What is switched between: "Tenant". */
  label: string;
  current: { label: string; detail?: string };
  items: readonly ContextItem[];
}

/** Whose data this is, and whose else one may look at. With nothing to switch to, it only tells. */
export function ContextSwitcher({ label, current, items }: ContextSwitcherProps) {
  const [isOpen, setOpen] = useState(false);
  const router = useRouter();
  const face = (
    <>
      <span
        aria-hidden
        className="flex size-6 shrink-0 items-center justify-center rounded-sm bg-brand-soft text-xs font-semibold text-brand-text"
      >
        {current.label.charAt(0).toUpperCase()}
      </span>
      <span className="min-w-0 flex-1 text-left">
        <span className="block truncate leading-4 font-medium text-ink">{current.label}</span>
        {current.detail && <span className="block truncate text-2xs leading-3.5 text-faint">{current.detail}</span>}
      </span>
    </>
  );
  if (items.length < 2) return <div className="flex h-10 items-center gap-2 px-2">{face}</div>;
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      className="w-64"
      trigger={
        <button
          type="button"
          aria-label={`${label}: ${current.label}. Switch`}
          className="flex h-10 w-full items-center gap-2 rounded-md border border-transparent px-2 hover:border-line hover:bg-surface data-[state=open]:border-line data-[state=open]:bg-surface"
        >
          {face}
          <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-faint" />
        </button>
      }
    >
      <Command loop label={`Switch ${label.toLowerCase()}`}>
        {items.length > 7 && (
          <Command.Input
            placeholder={`Search ${label.toLowerCase()}s`}
            className="h-9 w-full border-b bg-transparent px-3 outline-none placeholder:text-faint"
          />
        )}
        <Command.List className="max-h-80 overflow-y-auto p-1">
          <Command.Empty className="py-6 text-center text-xs text-faint">Nothing matches</Command.Empty>
          {items.map((item) => (
            <Command.Item
              key={item.href}
              value={item.href}
              keywords={[item.label]}
              onSelect={() => {
                setOpen(false);
                router.push(item.href);
              }}
              className={menuItemStyle}
            >
              <span className="min-w-0 flex-1">
                <span className="block truncate">{item.label}</span>
                {item.detail && <span className="block truncate text-xs text-faint">{item.detail}</span>}
              </span>
              <Check aria-hidden className={cn("text-brand-text", !item.current && "invisible")} />
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </Popover>
  );
}
