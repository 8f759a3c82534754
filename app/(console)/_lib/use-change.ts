"use client";

import { type ChangeWords, useAnnounceChange } from "../../_lib/change-receipt";
import { useTenant } from "./use-tenant";

/** `const announce = useChange()`, then `onSuccess: ({ revision }) => announce(revision, words)`: see useAnnounceChange. */
export function useChange(): (revision: number, words?: ChangeWords) => void {
  return useAnnounceChange(useTenant().tenantId);
}
