import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Push } from "../protocol/api";
import { emptyDigest, entryDigest, toggleDigest } from "../protocol/digest";
import { type AccountValue, type Entry, entriesOf, type TenantDocument } from "../protocol/document";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { FileDocumentStore } from "./document-store";
import { DocumentBook } from "./documents";

const tenantId = "00000000-0000-4000-8000-000000000001";
const anna = "00000000-0000-4000-8000-00000000000a";
const boris = "00000000-0000-4000-8000-00000000000b";
const tenant: Entry = {
  kind: "tenant",
  id: tenantId,
  value: { ...plainTenant, number: 1, name: "Harbour Pumps", state: "active", blocks: ["100.64.16.0/20"] },
};

let folder: string;
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gw-state-"));
  warnings = [];
});
afterEach(() => rm(folder, { recursive: true }));

const open = (compactAfterBytes?: number) =>
  DocumentBook.open(new FileDocumentStore(folder, (message) => warnings.push(message), compactAfterBytes));

async function push(book: DocumentBook, from: number | null, to: number, entries: Entry[]) {
  await book.settle(tenantId);
  const staging = book.stage(tenantId, { from, to, entries });
  if (staging.outcome === "staged") await staging.commit();
  return staging;
}

describe("the documents", () => {
  it("come back from the disk as they were committed, with their digest and index", async () => {
    const book = await open();
    await push(book, null, 4, [tenant, account(anna, "aa"), account(boris, "bb")]);
    await push(book, 4, 5, [account(boris, "cc")]);
    const again = await open();
    expect(snapshot(again)).toEqual(snapshot(book));
    expect(again.revision(tenantId)).toBe(5);
    expect(again.findByFingerprint("cc")).toMatchObject({ accountId: boris });
    expect(again.findByFingerprint("bb")).toBeUndefined();
    expect(again.digest(tenantId)).toBe(digestOf(again.get(tenantId)!));
  });

  it("drop a torn tail, and take the push again that was in it", async () => {
    const book = await open();
    await push(book, null, 1, [tenant]);
    await push(book, 1, 2, [account(anna, "aa")]);
    const whole = snapshot(book);
    await push(book, 2, 3, [account(boris, "bb")]);
    const [journal] = (await readdir(folder)).filter((name) => name.endsWith(".journal"));
    const length = (await readFile(join(folder, journal!))).length;
    await truncate(join(folder, journal!), length - 7);
    const again = await open();
    expect(snapshot(again)).toEqual(whole);
    expect(warnings).toEqual([expect.stringContaining("torn write")]);
    await push(again, 2, 3, [account(boris, "bb")]);
    expect(snapshot(await open())).toEqual(snapshot(book));
  });

  it("end at any byte of the journal with a revision that was whole", async () => {
    const book = await open();
    const states = [];
    await push(book, null, 1, [tenant]);
    states.push(snapshot(book));
    for (let revision = 1; revision < 4; revision++) {
      await push(book, revision, revision + 1, [account(anna, `a${revision}`)]);
      states.push(snapshot(book));
    }
    const [journal] = (await readdir(folder)).filter((name) => name.endsWith(".journal"));
    const bytes = await readFile(join(folder, journal!));
    for (let length = 0; length <= bytes.length; length += 13) {
      await writeFile(join(folder, journal!), bytes.subarray(0, length));
      const again = await open();
      expect(snapshot(again)).toEqual(states[again.revision(tenantId) - 1]);
    }
  });

  it("refuse to start from another revision, and answer a replay without changing", async () => {
    const book = await open();
    await push(book, null, 3, [tenant, account(anna, "aa")]);
    const first: Push = { from: 3, to: 4, entries: [account(boris, "bb")] };
    await push(book, first.from, first.to, first.entries);
    const before = snapshot(book);
    expect(await push(book, 3, 4, first.entries)).toEqual({ outcome: "replayed", revision: 4 });
    expect(await push(book, 9, 10, [account(anna, "dd")])).toEqual({ outcome: "conflict", revision: 4 });
    expect(await push(book, 3, 5, [account(anna, "dd")])).toEqual({ outcome: "conflict", revision: 4 });
    expect(await push(book, null, 3, [tenant])).toEqual({ outcome: "conflict", revision: 4 });
    expect(snapshot(book)).toEqual(before);
  });

  it("take the same whole document again at the same revision and find nothing changed", async () => {
    const book = await open();
    await push(book, null, 3, [tenant, account(anna, "aa")]);
    expect(await push(book, null, 3, [tenant, account(anna, "aa")])).toMatchObject({ outcome: "staged", changes: [] });
    const repaired = await push(book, null, 3, [tenant, account(boris, "bb")]);
    expect(repaired).toMatchObject({
      changes: [
        { id: anna, after: null },
        { id: boris, before: null },
      ],
    });
    expect(snapshot(await open())).toEqual(snapshot(book));
  });

  it("forget all of a tenant that is gone but its revision, so that an old push brings nothing back", async () => {
    const book = await open();
    await push(book, null, 3, [tenant, account(anna, "aa")]);
    await push(book, 3, 4, [{ kind: "tenant", id: tenantId, value: null }]);
    const again = await open();
    expect([...entriesOf(again.get(tenantId)!)]).toEqual([]);
    expect(again.digest(tenantId)).toBe("0".repeat(64));
    expect(await push(again, null, 3, [tenant, account(anna, "aa")])).toEqual({ outcome: "conflict", revision: 4 });
    expect(again.findByFingerprint("aa")).toBeUndefined();
  });

  it("are as before when a staged push is taken back", async () => {
    const book = await open();
    await push(book, null, 3, [tenant, account(anna, "aa")]);
    const before = snapshot(book);
    const staging = book.stage(tenantId, { from: 3, to: 4, entries: [account(anna, "zz"), account(boris, "bb")] });
    expect(book.findByFingerprint("zz")).toMatchObject({ accountId: anna });
    if (staging.outcome === "staged") staging.takeBack();
    expect(snapshot(book)).toEqual(before);
    expect(book.findByFingerprint("aa")).toMatchObject({ accountId: anna });
    expect(book.findByFingerprint("zz")).toBeUndefined();
  });

  it("let nobody in by a certificate that two accounts list", async () => {
    const book = await open();
    await push(book, null, 1, [tenant, account(anna, "aa"), account(boris, "aa")]);
    expect(book.findByFingerprint("aa")).toBeUndefined();
    await push(book, 1, 2, [{ kind: "account", id: anna, value: null }]);
    expect(book.findByFingerprint("aa")).toMatchObject({ accountId: boris });
  });

  it("let a device in by its certificate, after a restart too, and nobody by one that an account lists as well", async () => {
    const book = await open();
    const crane: Entry = {
      kind: "device",
      id: "00000000-0000-4000-8000-00000000000d",
      value: { ...plainDevice, fingerprints: ["dd", "aa"] },
    };
    await push(book, null, 1, [tenant, account(anna, "aa"), crane]);
    for (const one of [book, await open()]) {
      expect(one.findByFingerprint("dd")).toMatchObject({ deviceId: crane.id, device: { fingerprints: ["dd", "aa"] } });
      expect(one.findByFingerprint("aa")).toBeUndefined();
    }
    await push(book, 1, 2, [{ kind: "device", id: crane.id, value: null }]);
    expect(book.findByFingerprint("dd")).toBeUndefined();
    expect(book.findByFingerprint("aa")).toMatchObject({ accountId: anna });
  });

  it("fold the journal into the snapshot while pushes go on", async () => {
    const book = await open(2_000);
    await push(book, null, 1, [tenant]);
    for (let revision = 1; revision < 60; revision++)
      await push(book, revision, revision + 1, [account(anna, `f${revision}`)]);
    const again = await open();
    expect(snapshot(again)).toEqual(snapshot(book));
    expect((await readdir(folder)).filter((name) => name.endsWith(".journal")).length).toBeLessThan(3);
    expect(warnings).toEqual([]);
  });

  it("ask for the whole again when a snapshot is damaged", async () => {
    const book = await open();
    await push(book, null, 5, [tenant, account(anna, "aa")]);
    const path = join(folder, `${tenantId}.snapshot`);
    await truncate(path, (await readFile(path)).length - 20);
    await appendFile(path, "\n");
    expect((await open()).revision(tenantId)).toBe(0);
    expect(warnings).toEqual([expect.stringContaining("damaged")]);
  });

  it("write the whole after a commit that failed", async () => {
    const store = new FileDocumentStore(folder, () => {});
    const book = await DocumentBook.open(store);
    await push(book, null, 1, [tenant]);
    const append = store.append;
    store.append = () => Promise.reject(new Error("no space left on device"));
    await expect(push(book, 1, 2, [account(anna, "aa")])).rejects.toThrow("no space");
    store.append = append;
    expect((await open()).revision(tenantId)).toBe(1);
    expect(await push(book, 1, 2, [account(anna, "aa")])).toEqual({ outcome: "replayed", revision: 2 });
    expect(snapshot(await open())).toEqual(snapshot(book));
  });
});

function account(id: string, fingerprint: string): Entry {
  const value: AccountValue = {
    ...plainAccount,
    name: `account of ${fingerprint}`,
    state: "active",
    reason: null,
    address: id === anna ? "100.64.16.1" : "100.64.16.2",
    passwordHash: null,
    mustChangePassword: false,
    fingerprints: [fingerprint],
    policies: [],
  };
  return { kind: "account", id, value };
}

function snapshot(book: DocumentBook) {
  const document = book.get(tenantId);
  const entries = document ? [...entriesOf(document)].sort((a, b) => (a.id < b.id ? -1 : 1)) : [];
  return { revision: book.revision(tenantId), digest: book.digest(tenantId), entries: structuredClone(entries) };
}

function digestOf(document: TenantDocument): string {
  const digest = emptyDigest();
  for (const entry of entriesOf(document)) toggleDigest(digest, entryDigest(entry));
  return digest.toString("hex");
}
