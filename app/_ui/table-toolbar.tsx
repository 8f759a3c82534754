"use client";

import { ListFilter, Search, X } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { Button } from "./button";
import { buttonStyle } from "./button-style";
import { cn } from "./cn";
import { controlHeight, controlStyle } from "./control-style";
import { Kbd } from "./kbd";
import type { Option } from "./option";
import { OptionList } from "./option-list";
import { Popover } from "./popover";
import type { TableState } from "./use-table-state";

export interface TableFilter<Name extends string = string> {
  name: Name;
  label: string;
  options: readonly Option[];
  /** For options that the server searches. */
  onSearchChange?: (search: string) => void;
  loading?: boolean;
  /** One value at most. */
  single?: boolean;
}

interface TableToolbarProps<Name extends string> {
  label: string;
  state: TableState<Name>;
  searchRef: RefObject<HTMLInputElement | null>;
  searchPlaceholder?: string | false;
  filters?: readonly TableFilter<Name>[];
  /** Arrow down in the search goes to the rows. */
  onLeaveSearch: () => void;
  trailing?: ReactNode;
}

export function TableToolbar<Name extends string>(props: TableToolbarProps<Name>) {
  const { label, state, searchRef, searchPlaceholder, filters = [], onLeaveSearch, trailing } = props;
  if (searchPlaceholder === false && filters.length === 0 && !trailing) return null;
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      {searchPlaceholder !== false && (
        <SearchBox
          label={`Search ${label}`}
          placeholder={searchPlaceholder ?? "Search"}
          inputRef={searchRef}
          value={state.search}
          onChange={state.setSearch}
          onLeave={onLeaveSearch}
        />
      )}
      {filters.map((filter) => (
        <FilterButton
          key={filter.name}
          filter={filter}
          values={state.filters[filter.name] ?? []}
          onChange={(values) => state.setFilter(filter.name, values)}
        />
      ))}
      {state.isFiltered && (
        <Button variant="ghost" icon={<X aria-hidden />} onClick={state.clear}>
          Clear
        </Button>
      )}
      {trailing && <div className="ml-auto flex items-center gap-2">{trailing}</div>}
    </div>
  );
}

interface SearchBoxProps {
  label: string;
  placeholder: string;
  inputRef: RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (value: string) => void;
  onLeave: () => void;
}

function SearchBox({ label, placeholder, inputRef, value, onChange, onLeave }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  // The address may change by itself: the way back, a link, "Clear".
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text.trim() === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      onChange(text.trim());
    }, 200);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return (
    <div className="group/search relative w-full sm:w-88">
      <Search aria-hidden className="pointer-events-none absolute inset-y-0 left-2.5 my-auto size-4 text-faint" />
      <input
        ref={inputRef}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            if (text === "") event.currentTarget.blur();
            setText("");
            event.preventDefault();
          }
          if (event.key === "ArrowDown" || event.key === "Enter") {
            event.preventDefault();
            onLeave();
          }
        }}
        className={cn(controlStyle, controlHeight, "pr-8 pl-8 [&::-webkit-search-cancel-button]:hidden")}
      />
      {text === "" && (
        <Kbd
          keys="/"
          className="pointer-events-none absolute inset-y-0 right-1.5 my-auto group-focus-within/search:hidden pointer-coarse:hidden"
        />
      )}
    </div>
  );
}

interface FilterButtonProps {
  filter: TableFilter;
  values: string[];
  onChange: (values: string[]) => void;
}

function FilterButton({ filter, values, onChange }: FilterButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const labels = values.map((value) => filter.options.find((option) => option.value === value)?.label ?? value);
  const choose = (value: string) => {
    const isChosen = values.includes(value);
    if (filter.single) {
      onChange(isChosen ? [] : [value]);
      setOpen(false);
    } else onChange(isChosen ? values.filter((entry) => entry !== value) : [...values, value]);
  };
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      className="w-56"
      trigger={
        <button
          type="button"
          className={buttonStyle("secondary", "md", cn("max-w-64", values.length === 0 && "border-dashed text-muted"))}
        >
          <ListFilter aria-hidden />
          <span className="truncate">
            {filter.label}
            {labels.length > 0 && (
              <span className="text-brand-text">
                : {labels.length > 2 ? `${labels.length} chosen` : labels.join(", ")}
              </span>
            )}
          </span>
        </button>
      }
    >
      <OptionList
        multiple={!filter.single}
        options={filter.options}
        isChosen={(value) => values.includes(value)}
        onChoose={(option) => choose(option.value)}
        onSearchChange={filter.onSearchChange}
        loading={filter.loading}
        searchPlaceholder={`Search ${filter.label.toLowerCase()}`}
      />
    </Popover>
  );
}
