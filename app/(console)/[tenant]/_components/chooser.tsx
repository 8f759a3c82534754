"use client";

import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { formatNumber, plural } from "../../../_lib/format";
import { Button } from "../../../_ui/button";
import { Checkbox } from "../../../_ui/checkbox";
import { cn } from "../../../_ui/cn";
import { controlHeight, controlStyle } from "../../../_ui/control-style";
import { type ControlProps, FieldContext, useFieldControl } from "../../../_ui/field-context";
import type { Option } from "../../../_ui/option";
import { Spinner } from "../../../_ui/spinner";
import { ToggleGroup } from "../../../_ui/toggle-group";

interface ChooserProps extends ControlProps<string[]> {
  /** One of them: "device". */
  noun: string;
  /** What the server found, at most a page of it, and how many there are. */
  found: readonly Option[];
  total: number;
  loading?: boolean;
  onSearchChange: (search: string) => void;
  /** Those chosen before, as far as they are known by name. */
  known?: readonly Option[];
  searchPlaceholder: string;
  /** Where there is nothing to choose from. */
  emptyText: string;
}

/** Many of very many, in sight: a searched list with a box at each, and what is chosen so far at a press. */
export function Chooser({
  noun,
  found,
  total,
  loading = false,
  onSearchChange,
  known = [],
  searchPlaceholder,
  emptyText,
  ...own
}: ChooserProps) {
  const control = useFieldControl<string[], HTMLInputElement>(own);
  const chosen = control.value ?? [];
  const [view, setView] = useState<"all" | "chosen">("all");
  const [search, setSearch] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => onSearchChange(search.trim()), 150);
    return () => clearTimeout(timer);
  }, [search, onSearchChange]);

  const seen = useRef(new Map<string, Option>());
  for (const option of [...known, ...found]) seen.current.set(option.value, option);
  const isChosen = new Set(chosen);
  const named = chosen.flatMap((id) => seen.current.get(id) ?? []);
  const needle = search.trim().toLowerCase();
  const fitting = named.filter((option) => option.label.toLowerCase().includes(needle));
  const rows = view === "all" ? found : fitting.slice(0, drawnAtMost);
  const set = (ids: string[], isOn: boolean) => {
    const changed = new Set(ids);
    const rest = chosen.filter((id) => !changed.has(id));
    control.setValue(isOn ? [...rest, ...ids] : rest);
  };
  const shownIds = rows.map((option) => option.value);
  const areAllShownChosen = shownIds.length > 0 && shownIds.every((id) => isChosen.has(id));

  return (
    <div className={cn("overflow-hidden rounded-md border border-line-control/70", control.invalid && "border-bad")}>
      <div className="flex items-center gap-2 border-b p-1.5">
        <span className="relative min-w-0 flex-1">
          <Search aria-hidden className="pointer-events-none absolute inset-y-0 left-2.5 my-auto size-4 text-faint" />
          <input
            ref={control.ref}
            {...control.attributes}
            // Whoever may change nothing here may still look somebody up.
            disabled={false}
            type="search"
            placeholder={searchPlaceholder}
            value={search}
            onBlur={control.onBlur}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={(event) => {
              // Enter searches; it must not send the form around it.
              if (event.key === "Enter") event.preventDefault();
            }}
            className={cn(controlStyle, controlHeight, "pr-8 pl-8 [&::-webkit-search-cancel-button]:hidden")}
          />
          {loading && <Spinner className="absolute inset-y-0 right-2.5 my-auto text-faint" />}
        </span>
        <ToggleGroup
          label={`Which ${noun}s are shown`}
          value={view}
          onValueChange={setView}
          options={[
            { value: "all", label: "All" },
            { value: "chosen", label: `Chosen ${formatNumber(chosen.length)}` },
          ]}
        />
      </div>
      {/* The checkboxes' hidden inputs are positioned: within the list, or they would make the page as long as it is. */}
      <ul className="relative h-64 overflow-y-auto overscroll-contain py-1">
        {rows.map((option) => (
          <li key={option.value}>
            {/* biome-ignore lint/a11y/noLabelWithoutControl: the checkbox is a button inside it */}
            <label className="flex min-h-8 items-center gap-2.5 px-3 hover:bg-hover pointer-coarse:min-h-10">
              <PlainCheckbox
                label={option.label}
                checked={isChosen.has(option.value)}
                disabled={own.disabled}
                onChange={(isOn) => set([option.value], isOn)}
              />
              <span className="min-w-0 flex-1 truncate">{option.label}</span>
              {option.detail && <span className="shrink-0 text-xs text-faint">{option.detail}</span>}
            </label>
          </li>
        ))}
        {rows.length === 0 && (
          <li className="px-3 py-6 text-center text-xs text-faint">
            {loading && view === "all"
              ? "Searching…"
              : needle
                ? "Nothing matches"
                : view === "chosen" && chosen.length === 0
                  ? "None chosen yet"
                  : emptyText}
          </li>
        )}
      </ul>
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-2 border-t bg-sunken px-3 py-1 text-xs text-faint">
        <span>{footnote(view, rows.length, total, (needle ? fitting.length : chosen.length) - rows.length, noun)}</span>
        {rows.length > 1 && !own.disabled && (
          <Button size="sm" variant="ghost" className="-mr-2" onClick={() => set(shownIds, !areAllShownChosen)}>
            {areAllShownChosen ? "Take out those shown" : "Choose those shown"}
          </Button>
        )}
      </div>
    </div>
  );
}

/** Of tens of thousands that are chosen, a browser takes half a minute to draw all; the rest is found by its name. */
const drawnAtMost = 200;

/** Unbound from the field around it, which belongs to the whole list. */
function PlainCheckbox(props: {
  label: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (isOn: boolean) => void;
}) {
  return (
    <FieldContext value={null}>
      <Checkbox
        aria-label={props.label}
        className="mt-0"
        value={props.checked}
        disabled={props.disabled}
        onValueChange={props.onChange}
      />
    </FieldContext>
  );
}

function footnote(view: "all" | "chosen", shown: number, total: number, further: number, noun: string): string {
  if (view === "chosen")
    return further > 0 ? `and ${formatNumber(further)} more: search for them` : plural(shown, noun);
  return total > shown ? `${formatNumber(shown)} of ${plural(total, noun)}: search for the rest` : plural(total, noun);
}
