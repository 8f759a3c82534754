"use client";

import { ChevronsUpDown, X } from "lucide-react";
import { useRef, useState } from "react";
import { formatNumber } from "../_lib/format";
import { cn } from "./cn";
import { controlStyle } from "./control-style";
import { type ControlProps, useFieldControl } from "./field-context";
import type { Option } from "./option";
import { OptionList } from "./option-list";
import { Popover } from "./popover";

interface MultiSelectProps extends ControlProps<string[]> {
  options: readonly Option[];
  /** For the server to search; it is told 150 ms after the last key. */
  onSearchChange?: (search: string) => void;
  loading?: boolean;
  /** Those chosen, where `options` may not hold them all: their labels are taken from here. */
  selectedOptions?: readonly Option[];
  placeholder?: string;
  searchPlaceholder?: string;
  emptyText?: string;
  /** Makes a new one of what was typed, which is then chosen. What it throws is its own to show. */
  onCreate?: (label: string) => Promise<Option | undefined>;
  noun?: string;
  className?: string;
}

/** Several of many, shown as chips. */
export function MultiSelect({
  options,
  onSearchChange,
  loading,
  selectedOptions = [],
  placeholder = "Choose…",
  searchPlaceholder,
  emptyText,
  onCreate,
  noun,
  className,
  ...own
}: MultiSelectProps) {
  const control = useFieldControl<string[], HTMLButtonElement>(own);
  const [isOpen, setOpen] = useState(false);
  const chosen = control.value ?? [];
  // Labels of all that was ever offered, so that a narrower search keeps the chips' names.
  const labels = useRef(new Map<string, string>());
  for (const option of [...selectedOptions, ...options]) labels.current.set(option.value, option.label);
  const toggle = (value: string) =>
    control.setValue(chosen.includes(value) ? chosen.filter((entry) => entry !== value) : [...chosen, value]);
  const create = async (label: string) => {
    const created = await onCreate?.(label);
    if (!created) return;
    labels.current.set(created.value, created.label);
    control.setValue([...chosen, created.value]);
  };
  return (
    <div className={cn("flex flex-col gap-1.5", className)}>
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
            className={cn(controlStyle, "flex h-8 items-center justify-between gap-2 text-left pointer-coarse:h-10")}
          >
            <span className={cn("truncate", chosen.length === 0 && "text-faint")}>
              {chosen.length === 0 ? placeholder : `${formatNumber(chosen.length)} chosen`}
            </span>
            <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-faint" />
          </button>
        }
      >
        <OptionList
          multiple
          options={options}
          isChosen={(value) => chosen.includes(value)}
          onChoose={(option) => toggle(option.value)}
          onSearchChange={onSearchChange}
          loading={loading}
          searchPlaceholder={searchPlaceholder}
          emptyText={emptyText}
          onCreate={onCreate && ((label) => void create(label))}
          noun={noun}
        />
      </Popover>
      {chosen.length > 0 && (
        <ul className="flex flex-wrap gap-1">
          {chosen.map((value) => (
            <li
              key={value}
              className="inline-flex h-6 max-w-full items-center gap-0.5 rounded-sm bg-active pr-0.5 pl-2 text-xs text-ink"
            >
              <span className="truncate">{labels.current.get(value) ?? value}</span>
              <button
                type="button"
                disabled={own.disabled}
                aria-label={`Remove ${labels.current.get(value) ?? value}`}
                onClick={() => toggle(value)}
                className="flex size-5 items-center justify-center rounded-sm text-faint hover:text-ink"
              >
                <X aria-hidden className="size-3" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
