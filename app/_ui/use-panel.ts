"use client";

import { parseAsString, useQueryState } from "nuqs";

/**
 * Which panel beside the page is open, kept in the URL: `panel.open("new")`, `panel.open(id)`, and
 * `<Sheet open={panel.is("new")} onOpenChange={panel.onOpenChange}>`.
 */
export function usePanel(param = "panel") {
  const [value, setValue] = useQueryState(param, parseAsString.withOptions({ history: "push" }));
  const close = () => void setValue(null, { history: "replace" });
  return {
    value,
    is: (name: string) => value === name,
    open: (name: string) => void setValue(name),
    close,
    onOpenChange: (open: boolean) => {
      if (!open) close();
    },
  };
}
