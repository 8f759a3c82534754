"use client";

import { useSyncExternalStore } from "react";

/** Whether the reader's keyboard has ⌘. The server guesses no; the first client render corrects it. */
export function useIsApple(): boolean {
  return useSyncExternalStore(
    never,
    () => /Mac|iPhone|iPad/.test(navigator.platform),
    () => false,
  );
}

const never = () => () => {};
