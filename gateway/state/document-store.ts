/**
 * A tenant's document on disk: a snapshot, and behind it a journal of the pushes since.
 *
 *   <tenant>.snapshot              a header, then an entry a line; replaced by rename
 *   <tenant>.<generation>.journal  `<crc32> <push>` a line
 *
 * A snapshot carries the generation of the first journal to be read after it. While a new snapshot is being written,
 * pushes already go to the next journal, so that compaction keeps nobody waiting.
 *
 * A torn tail of a journal (power lost in a write) ends it: the revision is then the last whole one, and the control
 * plane pushes from there. A tenant that is gone keeps its header, so that an old push cannot bring it back.
 */
import { mkdir, open, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Push } from "../protocol/api";
import { emptyDigest } from "../protocol/digest";
import { type Entry, emptyDocument, entriesOf, putEntry, type TenantDocument } from "../protocol/document";
import type { TenantId } from "../protocol/ids";
import { applyEntry } from "./apply-entry";
import { replaceFile, syncFolder } from "./durable-file";

export interface LoadedDocument {
  document: TenantDocument;
  digest: Buffer;
}

export interface DocumentStore {
  load(): AsyncIterable<LoadedDocument>;
  /** Durable when it resolves. `document` already holds the push. */
  append(document: TenantDocument, digest: Buffer, push: Push): Promise<void>;
  /** Durable when it resolves. */
  replace(document: TenantDocument, digest: Buffer): Promise<void>;
}

interface Header {
  tenantId: TenantId;
  generation: number;
  revision: number;
  digest: string;
  entries: number;
}

interface Files {
  generation: number;
  isJournalThere: boolean;
  journalBytes: number;
  snapshotBytes: number;
  /** Snapshots of one tenant are written one after another. */
  writing: Promise<void>;
}

/** A journal is folded into the snapshot when it has grown past this and past the snapshot. */
const leastBytesToCompact = 4 * 1024 * 1024;

export class FileDocumentStore implements DocumentStore {
  readonly #files = new Map<TenantId, Files>();

  constructor(
    private readonly folder: string,
    private readonly warn: (message: string) => void,
    private readonly compactAfterBytes = leastBytesToCompact,
  ) {}

  async *load(): AsyncGenerator<LoadedDocument> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const names = await readdir(this.folder);
    const journals = new Map<TenantId, number[]>();
    for (const name of names) {
      const match = /^([0-9a-f-]{36})\.(\d+)\.journal$/.exec(name);
      if (match) journals.set(match[1]!, [...(journals.get(match[1]!) ?? []), Number(match[2])]);
      else if (name.endsWith(".tmp")) await rm(join(this.folder, name), { force: true });
    }
    const tenants = new Set([
      ...journals.keys(),
      ...names.filter((n) => n.endsWith(".snapshot")).map((n) => n.slice(0, 36)),
    ]);
    for (const tenantId of tenants)
      yield await this.#loadTenant(
        tenantId,
        (journals.get(tenantId) ?? []).sort((a, b) => a - b),
      );
  }

  async append(document: TenantDocument, digest: Buffer, push: Push): Promise<void> {
    const files = this.#filesOf(document.tenantId);
    const text = JSON.stringify(push);
    const line = Buffer.from(`${crc32(text).toString(16).padStart(8, "0")} ${text}\n`);
    const file = await open(this.#journalPath(document.tenantId, files.generation), "a", 0o600);
    try {
      await file.appendFile(line);
      await file.datasync();
    } finally {
      await file.close();
    }
    if (!files.isJournalThere) await syncFolder(this.folder);
    files.isJournalThere = true;
    files.journalBytes += line.length;
    if (files.journalBytes < Math.max(this.compactAfterBytes, files.snapshotBytes)) return;
    // The text is taken now, while the document is what was committed; it is written while the next pushes go on.
    this.#writeSnapshot(document, digest).catch((error) =>
      this.warn(`the snapshot of tenant ${document.tenantId} could not be written: ${error}`),
    );
  }

  replace(document: TenantDocument, digest: Buffer): Promise<void> {
    return this.#writeSnapshot(document, digest);
  }

  #writeSnapshot(document: TenantDocument, digest: Buffer): Promise<void> {
    const { tenantId, revision } = document;
    const files = this.#filesOf(tenantId);
    const before = files.generation;
    files.generation++;
    files.isJournalThere = false;
    files.journalBytes = 0;
    const lines = [...entriesOf(document)].map(({ kind, id, value }) => JSON.stringify([kind, id, value]));
    const header: Header = {
      tenantId,
      generation: files.generation,
      revision,
      digest: digest.toString("hex"),
      entries: lines.length,
    };
    const bytes = Buffer.from(`${[JSON.stringify(header), ...lines].join("\n")}\n`);
    files.snapshotBytes = bytes.length;
    files.writing = files.writing
      .catch(() => {})
      .then(async () => {
        await replaceFile(join(this.folder, `${tenantId}.snapshot`), bytes);
        for (let old = before; old >= 0; old--) {
          const isThere = await rm(this.#journalPath(tenantId, old)).then(
            () => true,
            () => false,
          );
          if (!isThere && old < before) break;
        }
      });
    return files.writing;
  }

  async #loadTenant(tenantId: TenantId, generations: number[]): Promise<LoadedDocument> {
    const { loaded, generation, bytes } = await this.#readSnapshot(tenantId);
    const files = this.#filesOf(tenantId);
    files.generation = generation;
    files.snapshotBytes = bytes;
    let isWhole = true;
    for (const each of generations) {
      const path = this.#journalPath(tenantId, each);
      if (each < generation || !isWhole) {
        await rm(path, { force: true });
        continue;
      }
      const journal = await readFile(path);
      const good = readJournal(journal, loaded);
      isWhole = good === journal.length;
      if (!isWhole) {
        this.warn(
          `the journal of tenant ${tenantId} ends after revision ${loaded.document.revision} in ${journal.length - good} bytes of a torn write; they are dropped`,
        );
        await truncate(path, good);
      }
      files.generation = each;
      files.isJournalThere = true;
      files.journalBytes = good;
    }
    return loaded;
  }

  async #readSnapshot(tenantId: TenantId): Promise<{ loaded: LoadedDocument; generation: number; bytes: number }> {
    const nothing = { loaded: { document: emptyDocument(tenantId), digest: emptyDigest() }, generation: 0, bytes: 0 };
    let content: Buffer;
    try {
      content = await readFile(join(this.folder, `${tenantId}.snapshot`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return nothing;
      throw error;
    }
    try {
      const lines = linesOf(content);
      const header = JSON.parse(lines.next().value!.text) as Header;
      const document = emptyDocument(tenantId);
      let entries = 0;
      for (const { text } of lines) {
        const [kind, id, value] = JSON.parse(text) as [Entry["kind"], string, Entry["value"]];
        putEntry(document, { kind, id, value } as Entry);
        entries++;
      }
      if (entries !== header.entries) throw new Error(`${entries} entries of ${header.entries}`);
      document.revision = header.revision;
      const digest = Buffer.from(header.digest, "hex");
      return { loaded: { document, digest }, generation: header.generation, bytes: content.length };
    } catch (error) {
      this.warn(
        `the snapshot of tenant ${tenantId} is damaged (${error}); the control plane will push the whole again`,
      );
      return nothing;
    }
  }

  #filesOf(tenantId: TenantId): Files {
    let files = this.#files.get(tenantId);
    if (!files) {
      files = { generation: 0, isJournalThere: false, journalBytes: 0, snapshotBytes: 0, writing: Promise.resolve() };
      this.#files.set(tenantId, files);
    }
    return files;
  }

  #journalPath(tenantId: TenantId, generation: number): string {
    return join(this.folder, `${tenantId}.${generation}.journal`);
  }
}

/** Applies the pushes that follow on the document; returns how many bytes were whole and in order. */
function readJournal(journal: Buffer, { document, digest }: LoadedDocument): number {
  let good = 0;
  for (const { text, end } of linesOf(journal)) {
    const json = text.slice(9);
    if (crc32(json).toString(16).padStart(8, "0") !== text.slice(0, 8)) break;
    const push = JSON.parse(json) as Push;
    if (push.from !== document.revision) break;
    for (const entry of push.entries) applyEntry(document, digest, entry);
    document.revision = push.to;
    good = end;
  }
  return good;
}

/** Whole lines, each with the offset behind it; what follows the last line feed is not one. */
function* linesOf(bytes: Buffer): Generator<{ text: string; end: number }> {
  for (let start = 0; start < bytes.length; ) {
    const feed = bytes.indexOf(10, start);
    if (feed < 0) return;
    yield { text: bytes.toString("utf8", start, feed), end: feed + 1 };
    start = feed + 1;
  }
}
