"use client";

import { ChevronsUpDown } from "lucide-react";
import { useRef, useState } from "react";
import { cn } from "./cn";
import { controlHeight, controlStyle } from "./control-style";
import { type ControlProps, useFieldControl } from "./field-context";
import type { Option } from "./option";
import { OptionList } from "./option-list";
import { Popover } from "./popover";

interface ComboboxProps extends ControlProps<string> {
  options: readonly Option[];
  /** For the server to search; it is told 150 ms after the last key. */
  onSearchChange?: (search: string) => void;
  loading?: boolean;
  /** The chosen one, where `options` may not hold it. */
  selectedOption?: Option;
  placeholder?: string;
  searchPlaceholder?: string;
  emptyText?: string;
  className?: string;
}

/** One of many choices, found by typing. */
export function Combobox({
  options,
  onSearchChange,
  loading,
  selectedOption,
  placeholder = "Choose…",
  searchPlaceholder,
  emptyText,
  className,
  ...own
}: ComboboxProps) {
  const control = useFieldControl<string, HTMLButtonElement>(own);
  const [isOpen, setOpen] = useState(false);
  // A search that no longer finds the chosen one must not lose its label.
  const seen = useRef<Option | undefined>(undefined);
  const chosen =
    options.find((option) => option.value === control.value) ??
    [selectedOption, seen.current].find((option) => option?.value === control.value);
  if (chosen) seen.current = chosen;
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      className="w-(--radix-popover-trigger-width) min-w-56"
      trigger={
        <button
          type="button"
          ref={control.ref}
          {...control.attributes}
          role="combobox"
          aria-expanded={isOpen}
          onBlur={control.onBlur}
          className={cn(controlStyle, controlHeight, "flex items-center justify-between gap-2 text-left", className)}
        >
          <span className={cn("flex min-w-0 items-center gap-2 truncate [&_svg]:size-4", !chosen && "text-faint")}>
            {chosen?.icon}
            {chosen?.label ?? placeholder}
          </span>
          <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-faint" />
        </button>
      }
    >
      <OptionList
        options={options}
        isChosen={(value) => value === control.value}
        onChoose={(option) => {
          seen.current = option;
          control.setValue(option.value);
          setOpen(false);
        }}
        onSearchChange={onSearchChange}
        loading={loading}
        searchPlaceholder={searchPlaceholder}
        emptyText={emptyText}
      />
    </Popover>
  );
}
