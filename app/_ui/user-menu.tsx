"use client";

import { ChevronsUpDown, Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { cn } from "./cn";
import { DropdownMenu, type MenuEntry } from "./dropdown-menu";
import { ToggleGroup } from "./toggle-group";

interface UserMenuProps {
  name: string;
  /** An address or a role. */
  detail?: string;
  items: readonly MenuEntry[];
  className?: string;
}

/** Who one is, how the screen looks, and the way out. */
export function UserMenu({ name, detail, items, className }: UserMenuProps) {
  const { theme, setTheme } = useTheme();
  return (
    <DropdownMenu
      align="start"
      side="top"
      className="w-56"
      header={
        <div className="flex items-center justify-between gap-2 pt-1">
          <span className="text-xs text-faint">Theme</span>
          <ToggleGroup
            label="Theme"
            value={theme ?? "system"}
            onValueChange={setTheme}
            options={[
              { value: "system", label: "System", icon: <Monitor aria-hidden /> },
              { value: "light", label: "Light", icon: <Sun aria-hidden /> },
              { value: "dark", label: "Dark", icon: <Moon aria-hidden /> },
            ]}
            iconOnly
          />
        </div>
      }
      items={items}
      trigger={
        <button
          type="button"
          aria-label={`Account menu of ${name}`}
          className={cn(
            "flex h-10 w-full min-w-0 items-center gap-2 rounded-md px-2 hover:bg-hover data-[state=open]:bg-hover",
            className,
          )}
        >
          <span
            aria-hidden
            className="flex size-6 shrink-0 items-center justify-center rounded-full border border-line-strong bg-surface text-2xs font-medium text-muted"
          >
            {initials(name)}
          </span>
          <span className="min-w-0 flex-1 text-left">
            <span className="block truncate leading-4 text-ink">{name}</span>
            {detail && <span className="block truncate text-2xs leading-3.5 text-faint">{detail}</span>}
          </span>
          <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-faint" />
        </button>
      }
    />
  );
}

function initials(name: string): string {
  const words = name.trim().split(/[\s.@]+/);
  return `${words[0]?.charAt(0) ?? ""}${words.length > 1 ? (words.at(-1)?.charAt(0) ?? "") : ""}`.toUpperCase();
}
