import type { EntryKind, EntryValues } from "../protocol/document";

/** One entry as it was and as it is now; null where it is not there. Never both null, and never equal. */
export type EntryChange = {
  [K in EntryKind]: { kind: K; id: string; before: EntryValues[K] | null; after: EntryValues[K] | null };
}[EntryKind];
