"use client";

import { Command } from "cmdk";
import { Check, Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { cn } from "./cn";
import type { Option } from "./option";
import { menuItemStyle } from "./popover-style";
import { Spinner } from "./spinner";

interface OptionListProps {
  options: readonly Option[];
  isChosen: (value: string) => boolean;
  onChoose: (option: Option) => void;
  /** Given, the options are what the server found; else they are filtered here. */
  onSearchChange?: (search: string) => void;
  loading?: boolean;
  searchPlaceholder?: string;
  emptyText?: string;
  multiple?: boolean;
  /** Makes a new one of what was typed, where none is called so. */
  onCreate?: (label: string) => void;
  /** What it makes: "group". */
  noun?: string;
}

/** The searchable list inside a combobox and a multi-select. */
export function OptionList({
  options,
  isChosen,
  onChoose,
  onSearchChange,
  loading = false,
  searchPlaceholder = "Search…",
  emptyText = "Nothing matches",
  multiple = false,
  onCreate,
  noun = "choice",
}: OptionListProps) {
  const [search, setSearch] = useState("");
  useEffect(() => {
    if (!onSearchChange) return;
    const timer = setTimeout(() => onSearchChange(search), 150);
    return () => clearTimeout(timer);
  }, [search, onSearchChange]);
  const typed = search.trim();
  const isNew = typed !== "" && !options.some(({ label }) => label.toLowerCase() === typed.toLowerCase());
  return (
    <Command shouldFilter={!onSearchChange} label={searchPlaceholder} loop>
      <div className="flex items-center gap-2 border-b px-3">
        <Command.Input
          value={search}
          onValueChange={setSearch}
          placeholder={searchPlaceholder}
          className="h-9 w-full min-w-0 bg-transparent text-sm outline-none placeholder:text-faint"
        />
        {loading && <Spinner className="text-faint" />}
      </div>
      <Command.List
        aria-multiselectable={multiple || undefined}
        className="max-h-64 overflow-y-auto overscroll-contain p-1"
      >
        <Command.Empty className="px-2 py-6 text-center text-xs text-faint">
          {loading ? "Searching…" : emptyText}
        </Command.Empty>
        {options.map((option) => (
          <Command.Item
            key={option.value}
            value={option.value}
            keywords={[option.label, typeof option.detail === "string" ? option.detail : ""]}
            disabled={option.disabled}
            onSelect={() => onChoose(option)}
            className={menuItemStyle}
          >
            {multiple && <CheckMark checked={isChosen(option.value)} />}
            {option.icon}
            <span className="min-w-0 flex-1 truncate">{option.label}</span>
            {option.detail && <span className="text-xs text-faint">{option.detail}</span>}
            {!multiple && isChosen(option.value) && <Check aria-label="chosen" className="text-brand-text" />}
          </Command.Item>
        ))}
        {onCreate && isNew && !loading && (
          <Command.Item
            value={`new ${typed}`}
            keywords={[typed]}
            onSelect={() => {
              onCreate(typed);
              setSearch("");
            }}
            className={menuItemStyle}
          >
            <Plus aria-hidden />
            <span className="min-w-0 flex-1 truncate">
              Make the {noun} “{typed}”
            </span>
          </Command.Item>
        )}
      </Command.List>
    </Command>
  );
}

function CheckMark({ checked }: { checked: boolean }) {
  return (
    <span
      role="img"
      aria-label={checked ? "chosen" : "not chosen"}
      className={cn(
        "flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-control [&_svg]:size-3",
        checked && "border-brand bg-brand text-brand-ink",
      )}
    >
      {checked && <Check aria-hidden strokeWidth={3} />}
    </span>
  );
}
