"use client";

import { useCommands } from "../../../_ui/command-palette";
import type { MenuEntry } from "../../../_ui/dropdown-menu";

/** Puts what a page's menu offers into the palette too, as far as it can be done. */
export function ActionCommands({ group, items }: { group: string; items: readonly MenuEntry[] }) {
  useCommands(
    items.map((item) => {
      if (!item || "separator" in item || item.disabledReason) return null;
      const { label, icon, href, onSelect: run } = item;
      return { id: `action:${label}`, label, icon, href, run, group };
    }),
  );
  return null;
}
