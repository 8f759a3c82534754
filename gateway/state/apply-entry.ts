import { entryDigest, toggleDigest } from "../protocol/digest";
import { type Entry, type EntryKind, type EntryValues, putEntry, type TenantDocument } from "../protocol/document";

/** Puts an entry into the document and keeps the digest in step. */
export function applyEntry(document: TenantDocument, digest: Buffer, entry: Entry): void {
  const before = findEntry(document, entry.kind, entry.id);
  if (before) toggleDigest(digest, entryDigest({ ...entry, value: before } as Entry));
  if (entry.value) toggleDigest(digest, entryDigest(entry));
  putEntry(document, entry);
}

export function findEntry(document: TenantDocument, kind: EntryKind, id: string): EntryValues[EntryKind] | null {
  if (kind === "tenant") return document.tenant;
  const maps = {
    network: document.networks,
    uplink: document.uplinks,
    account: document.accounts,
    device: document.devices,
    policy: document.policies,
    grant: document.grants,
  };
  return maps[kind].get(id) ?? null;
}
