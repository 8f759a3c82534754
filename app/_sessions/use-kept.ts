"use client";

import { useRef } from "react";

/** The row with this id as it was last seen, though it may have left the list since. */
export function useKept<Row extends { id: string }>(rows: readonly Row[] | undefined, id: string | null) {
  const kept = useRef<Row | undefined>(undefined);
  const found = rows?.find((row) => row.id === id);
  if (found) kept.current = found;
  else if (kept.current?.id !== id) kept.current = undefined;
  return kept.current;
}
