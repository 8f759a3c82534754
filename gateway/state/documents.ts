/**
 * Every tenant's document: in memory to decide by, on disk to come back to.
 *
 * Guarantees: a tenant's revisions only rise; a push is taken whole or not at all; what `commit` resolved for survives
 * SIGKILL and power loss. A push is staged first (memory), then the kernel and the sessions follow, then it is committed
 * (disk), then answered. Memory first, so that nobody is let in by a document on its way out; disk last, since the
 * control plane repeats what was not answered, and a restart compiles the kernel from the disk again.
 */

import type { HolderMatch } from "../auth/decide-connection";
import type { Push } from "../protocol/api";
import { canonical } from "../protocol/canonical";
import { emptyDigest } from "../protocol/digest";
import {
  type AccountValue,
  type DeviceValue,
  type Entry,
  emptyDocument,
  entriesOf,
  type TenantDocument,
} from "../protocol/document";
import type { TenantId } from "../protocol/ids";
import { applyEntry, findEntry } from "./apply-entry";
import type { DocumentStore } from "./document-store";
import type { EntryChange } from "./entry-change";

export interface Documents {
  get(tenantId: TenantId): TenantDocument | undefined;
  /** Accounts and devices of any state; the caller decides. Nobody where two of them list the certificate. */
  findByFingerprint(fingerprint: string): HolderMatch | undefined;
}

/** Kinds of entry that a certificate may name. */
type HolderKind = "account" | "device";

interface Owner {
  tenantId: TenantId;
  kind: HolderKind;
  id: string;
}

/** `conflict`: the push does not start from what is here. `replayed`: it is in already. */
export type Staging =
  | { outcome: "conflict"; revision: number }
  | { outcome: "replayed"; revision: number }
  | { outcome: "staged"; document: TenantDocument; changes: EntryChange[]; commit(): Promise<void>; takeBack(): void };

type Certified = Pick<AccountValue | DeviceValue, "fingerprints">;

interface Held {
  document: TenantDocument;
  digest: Buffer;
  /** The disk holds less than the memory: a push is on its way, or its commit failed. Then the next one writes the whole. */
  isDiskBehind: boolean;
}

export class DocumentBook implements Documents {
  readonly #tenants = new Map<TenantId, Held>();
  /** Whom a certificate names; two where the control plane erred, and then nobody. */
  readonly #fingerprints = new Map<string, Owner[]>();

  /** Called after each change of an entry, a taking back included. */
  onChange: ((tenantId: TenantId, change: EntryChange) => void) | null = null;

  private constructor(private readonly store: DocumentStore) {}

  static async open(store: DocumentStore): Promise<DocumentBook> {
    const book = new DocumentBook(store);
    for await (const { document, digest } of store.load()) {
      book.#tenants.set(document.tenantId, { document, digest, isDiskBehind: false });
      const { tenantId } = document;
      for (const [id, account] of document.accounts) book.#index({ tenantId, kind: "account", id }, null, account);
      for (const [id, device] of document.devices) book.#index({ tenantId, kind: "device", id }, null, device);
    }
    return book;
  }

  get(tenantId: TenantId): TenantDocument | undefined {
    return this.#tenants.get(tenantId)?.document;
  }

  *all(): Generator<TenantDocument> {
    for (const { document } of this.#tenants.values()) yield document;
  }

  revision(tenantId: TenantId): number {
    return this.get(tenantId)?.revision ?? 0;
  }

  digest(tenantId: TenantId): string {
    return (this.#tenants.get(tenantId)?.digest ?? emptyDigest()).toString("hex");
  }

  findByFingerprint(fingerprint: string): HolderMatch | undefined {
    const found = this.#fingerprints.get(fingerprint);
    if (found?.length !== 1) return undefined;
    const { tenantId, kind, id } = found[0]!;
    const document = this.get(tenantId);
    if (kind === "device") {
      const device = document?.devices.get(id);
      return document && device ? { document, deviceId: id, device } : undefined;
    }
    const account = document?.accounts.get(id);
    return document && account ? { document, accountId: id, account } : undefined;
  }

  /** Brings the disk up to the memory where a commit failed, before anything is answered by the memory. */
  async settle(tenantId: TenantId): Promise<void> {
    const held = this.#tenants.get(tenantId);
    if (!held?.isDiskBehind) return;
    await this.store.replace(held.document, held.digest);
    held.isDiskBehind = false;
  }

  /** The caller stages one push of a tenant at a time, and settles first. */
  stage(tenantId: TenantId, push: Push): Staging {
    const held = this.#tenants.get(tenantId) ?? {
      document: emptyDocument(tenantId),
      digest: emptyDigest(),
      isDiskBehind: false,
    };
    const { document } = held;
    const present = document.revision;
    const isReplace = push.from === null;
    if (isReplace ? push.to < present : push.from !== present) {
      const isIn = !isReplace && push.to <= present;
      return isIn ? { outcome: "replayed", revision: present } : { outcome: "conflict", revision: present };
    }

    const changes = findChanges(document, isReplace ? wholeAs(document, push.entries) : push.entries);
    const wasDiskBehind = held.isDiskBehind;
    const write = (direction: "before" | "after", revision: number) => {
      for (const change of changes) this.#put(held, change, direction);
      document.revision = revision;
    };
    write("after", push.to);
    held.isDiskBehind = true;
    this.#tenants.set(tenantId, held);
    return {
      outcome: "staged",
      document,
      changes,
      commit: async () => {
        const isNothing = changes.length === 0 && push.to === present && !wasDiskBehind;
        const entries = changes.map(({ kind, id, after }) => ({ kind, id, value: after }) as Entry);
        const isWhole = isReplace || wasDiskBehind || document.tenant === null;
        if (isWhole && !isNothing) await this.store.replace(document, held.digest);
        else if (!isNothing) await this.store.append(document, held.digest, { from: present, to: push.to, entries });
        held.isDiskBehind = false;
      },
      takeBack: () => {
        write("before", present);
        held.isDiskBehind = wasDiskBehind;
        if (present === 0) this.#tenants.delete(tenantId);
      },
    };
  }

  #put(held: Held, change: EntryChange, direction: "before" | "after"): void {
    const { kind, id } = change;
    const [from, to] = direction === "after" ? [change.before, change.after] : [change.after, change.before];
    applyEntry(held.document, held.digest, { kind, id, value: to } as Entry);
    if (kind === "account" || kind === "device")
      this.#index({ tenantId: held.document.tenantId, kind, id }, from as Certified | null, to as Certified | null);
    this.onChange?.(held.document.tenantId, { kind, id, before: from, after: to } as EntryChange);
  }

  #index(owner: Owner, before: Certified | null, after: Certified | null): void {
    const isOther = ({ tenantId, kind, id }: Owner) =>
      tenantId !== owner.tenantId || kind !== owner.kind || id !== owner.id;
    for (const fingerprint of before?.fingerprints ?? []) {
      const left = this.#fingerprints.get(fingerprint)?.filter(isOther) ?? [];
      if (left.length > 0) this.#fingerprints.set(fingerprint, left);
      else this.#fingerprints.delete(fingerprint);
    }
    for (const fingerprint of after?.fingerprints ?? []) {
      const others = this.#fingerprints.get(fingerprint)?.filter(isOther) ?? [];
      this.#fingerprints.set(fingerprint, [...others, owner]);
    }
  }
}

/** What a replacement says of every entry: those it does not name are gone. */
function wholeAs(document: TenantDocument, entries: readonly Entry[]): Entry[] {
  const named = new Set(entries.map(({ kind, id }) => `${kind} ${id}`));
  const gone = [...entriesOf(document)].filter(({ kind, id }) => !named.has(`${kind} ${id}`));
  return [...gone.map(({ kind, id }) => ({ kind, id, value: null }) as Entry), ...entries];
}

/** Only what differs; the last word on an entry counts. A tenant that is gone takes everything of its with it. */
function findChanges(document: TenantDocument, entries: readonly Entry[]): EntryChange[] {
  const isGone = entries.findLast(({ kind }) => kind === "tenant")?.value === null;
  const said = isGone ? wholeAs(document, []) : entries;
  const changes = new Map<string, EntryChange>();
  for (const { kind, id, value } of said) {
    const before = findEntry(document, kind, id);
    const key = `${kind} ${id}`;
    if (canonical(before) === canonical(value)) changes.delete(key);
    else changes.set(key, { kind, id, before, after: value } as EntryChange);
  }
  return [...changes.values()];
}
