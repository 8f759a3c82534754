"use client";

import { ToggleGroup as Radix } from "radix-ui";
import type { ReactNode } from "react";

interface ToggleGroupProps<Value extends string> {
  label: string;
  value: Value;
  onValueChange: (value: Value) => void;
  options: readonly { value: Value; label: string; icon?: ReactNode }[];
  iconOnly?: boolean;
}

/** One of two to four, all in sight: a time range, a way to look at something. */
export function ToggleGroup<Value extends string>({
  label,
  value,
  onValueChange,
  options,
  iconOnly = false,
}: ToggleGroupProps<Value>) {
  return (
    <Radix.Root
      type="single"
      aria-label={label}
      value={value}
      onValueChange={(next) => {
        if (next) onValueChange(next as Value);
      }}
      className="inline-flex rounded-md border bg-sunken p-0.5"
    >
      {options.map((option) => (
        <Radix.Item
          key={option.value}
          value={option.value}
          aria-label={iconOnly ? option.label : undefined}
          title={iconOnly ? option.label : undefined}
          className="inline-flex h-6 min-w-6 items-center justify-center gap-1.5 rounded-sm px-1.5 text-xs text-muted hover:text-ink data-[state=on]:bg-surface data-[state=on]:text-ink data-[state=on]:ring-1 data-[state=on]:ring-line-strong pointer-coarse:h-9 pointer-coarse:min-w-9 [&_svg]:size-3.5"
        >
          {option.icon}
          {!iconOnly && option.label}
        </Radix.Item>
      ))}
    </Radix.Root>
  );
}
