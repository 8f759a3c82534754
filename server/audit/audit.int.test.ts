import { execFile } from "node:child_process";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin } from "@/e2e/support/principals";
import { canonical } from "@/gateway/protocol/canonical";
import { auditHash, genesisHash } from "../core/audit";
import { closeDatabase, nilTenant } from "../core/db";
import { closeQueues } from "../core/queue";
import { type SignedHead, signHead } from "./head";
import { type Verdict, verifyExport } from "./verify";

let tenantId: string;
let admin: ReturnType<typeof callAs>;
let lines: string[];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbridge-audit-"));
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  for (const n of [1, 2, 3]) await admin.devices.create({ tenantId, name: `Gerät № ${n} "x"`, address: `10.0.0.${n}` });
  const { text, next } = await admin.audit.export({ tenantId });
  expect(next).toBeNull();
  lines = text.trimEnd().split("\n");
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await closeQueues();
  await closeDatabase();
});

async function verify(changed: string[], heads?: SignedHead[]): Promise<Verdict> {
  async function* each() {
    yield* changed;
  }
  return verifyExport(each(), heads);
}

const edited = (index: number, edit: (entry: Record<string, unknown>) => void) =>
  lines.map((line, at) => {
    if (at !== index) return line;
    const entry = JSON.parse(line);
    edit(entry);
    return JSON.stringify(entry);
  });

describe("an export", () => {
  test("is whole, from the first entry to the newest", async () => {
    expect(lines.length).toBe(6);
    const { rows } = await admin.audit.list({ tenantId });
    const { head } = JSON.parse(lines[5]!);
    expect(head).toMatchObject({ tenantId, sequence: 5, hash: rows[0]!.hash });
    expect(await verify(lines)).toEqual({
      ...{ isIntact: true, tenantId, entries: 5, lastHash: rows[0]!.hash, head, newestHead: null },
    });
    expect(rows.map(({ sequence }) => sequence)).toEqual([5, 4, 3, 2, 1]);
  });

  test.each([
    [
      "whose actor was changed",
      () => edited(2, (entry) => Object.assign(entry.actor as object, { name: "Eve" })),
      3,
      "changed",
    ],
    [
      "whose time was changed",
      () => edited(1, (entry) => Object.assign(entry, { at: "2020-01-01T00:00:00.000Z" })),
      2,
      "changed",
    ],
    ["whose details were changed", () => edited(3, (entry) => Object.assign(entry, { details: {} })), 4, "changed"],
    [
      "with something added to it",
      () => edited(3, (entry) => Object.assign(entry, { note: "x" })),
      4,
      "no audit entry",
    ],
    ["from which one was left out", () => lines.filter((_, index) => index !== 2), 3, "missing"],
    ["whose first was left out", () => lines.slice(1), 1, "missing"],
    ["in another order", () => [lines[1]!, lines[0]!, ...lines.slice(2)], 1, "out of order"],
    ["from whose end one was cut off", () => [...lines.slice(0, 4), lines[5]!], 5, "cut off"],
    ["to which something was added", () => [...lines, lines[0]!], 7, "follows the head"],
    ["whose head says another time", () => edited(5, ({ head }) => Object.assign(head as object, { at: "2020-01-01T00:00:00.000Z" })), 6, "signature"], // biome-ignore format: one line
    ["of nothing", () => [], null, "no entry"],
    ["of empty lines", () => ["", " "], null, "no entry"],
    ["that was cut in the middle of a line", () => [...lines.slice(0, 4), lines[4]!.slice(0, 50)], 5, "no audit entry"],
  ])("%s is found out, and where", async (_, change, line, words) => {
    expect(await verify(change())).toMatchObject({ isIntact: false, line, why: expect.stringContaining(words) });
  });

  test("whose entry was rewritten with a hash to match no longer joins the next", async () => {
    const forged = edited(1, (entry) => {
      Object.assign(entry.actor as object, { name: "Eve" });
      const { hash: _, ...link } = entry;
      entry.hash = auditHash(link as never);
    });
    expect(await verify(forged)).toMatchObject({
      isIntact: false,
      line: 3,
      why: "it does not follow from the entry before it",
    });
  });
});

describe("against heads that were handed out,", () => {
  const headOf = (index: number) => {
    const { sequence, hash } = JSON.parse(lines[index]!);
    return signHead({ tenantId, sequence, hash });
  };
  /** As who has the database, and every secret of ours, makes it: all hashes fit, and so does the export's own head. */
  const madeAnew = (from: string[]) => {
    let previousHash = genesisHash;
    const anew = from.map((line, index) => {
      const { hash: _, ...link } = JSON.parse(line);
      Object.assign(link, { sequence: index + 1, previousHash });
      previousHash = auditHash(link);
      return JSON.stringify({ ...link, hash: previousHash });
    });
    return [...anew, JSON.stringify({ head: signHead({ tenantId, sequence: anew.length, hash: previousHash }) })];
  };

  test("an export that holds their entries fits, and it is said up to which", async () => {
    const heads = [headOf(2), headOf(1), { ...headOf(0), tenantId: nilTenant }];
    expect(await verify(lines, heads)).toMatchObject({ isIntact: true, newestHead: { sequence: 3 } });
  });

  test("a chain that was made anew without an entry does not, though it is whole by itself", async () => {
    const anew = madeAnew([lines[0]!, ...lines.slice(2, 5)]);
    expect(await verify(anew)).toMatchObject({ isIntact: true, entries: 4 });
    expect(await verify(anew, [headOf(0)])).toMatchObject({ isIntact: true });
    expect(await verify(anew, [headOf(2)])).toMatchObject({ isIntact: false, why: expect.stringContaining("anew") });
  });

  test("a chain that was cut off at its end does not", async () => {
    const cut = madeAnew(lines.slice(0, 3));
    expect(await verify(cut)).toMatchObject({ isIntact: true, entries: 3 });
    expect(await verify(cut, [headOf(4)])).toMatchObject({ isIntact: false, why: expect.stringContaining("cut off") });
  });

  test("nothing fits a head that was forged, is of another key or of somebody else", async () => {
    const words = async (head: SignedHead) => (await verify(lines, [head])) as { why: string };
    expect((await words({ ...headOf(2), at: "2020-01-01T00:00:00.000Z" })).why).toContain("signature");
    const stranger = generateKeyPairSync("ed25519").privateKey;
    const { signature: _, ...said } = headOf(2);
    const other = { ...said, key: createPublicKey(stranger).export({ format: "jwk" }).x! };
    const bytes = Buffer.from(`drawbridge audit head ${canonical(other)}`);
    const signature = sign(null, bytes, stranger).toString("base64url");
    expect((await words({ ...other, signature })).why).toContain("another key");
    expect((await words({ ...headOf(2), tenantId: nilTenant })).why).toContain("other tenants");
  });
});

test("audit:verify checks a file offline: 0 for a whole one, 1 and where for a broken one, 2 for none", async () => {
  const run = async (...names: string[]) => {
    const args = ["--import", "tsx", "scripts/audit-verify.ts", ...names.map((name) => join(folder, name))];
    // No setting at all: it needs neither a database nor a secret.
    const env = { PATH: process.env.PATH, NODE_ENV: "production" as const };
    return promisify(execFile)(process.execPath, args, { env }).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      (error: { code: number; stderr: string }) => ({ code: error.code, text: error.stderr }),
    );
  };
  await writeFile(join(folder, "whole.ndjson"), `${lines.join("\n")}\n`);
  await writeFile(
    join(folder, "broken.ndjson"),
    edited(3, (entry) => Object.assign(entry, { action: "x" })).join("\n"),
  );
  expect(await run("whole.ndjson")).toMatchObject({
    code: 0,
    text: expect.stringContaining(`Intact: 5 entries of ${tenantId}`),
  });
  expect(await run("broken.ndjson")).toMatchObject({
    code: 1,
    text: expect.stringContaining("Broken at line 4 (entry 4)"),
  });
  await writeFile(join(folder, "empty.ndjson"), "");
  expect(await run("empty.ndjson")).toMatchObject({
    code: 1,
    text: expect.stringContaining("there is no entry in it"),
  });
  const { head } = JSON.parse(lines[5]!);
  await writeFile(join(folder, "mail.txt"), `Hello,\n\n${JSON.stringify(head)}\n\nKeep this mail.\n`);
  expect(await run("whole.ndjson", "mail.txt")).toMatchObject({
    code: 0,
    text: expect.stringContaining(`Shown: entries 1 to 5 are those of ${head.at}`),
  });
  expect(await run("whole.ndjson", "empty.ndjson")).toMatchObject({
    code: 2,
    text: expect.stringContaining("no head"),
  });
  expect(await run("none.ndjson")).toMatchObject({ code: 2 });
  expect(await run()).toMatchObject({ code: 2, text: expect.stringContaining("Usage") });
}, 60_000);

test("the list filters by action and kind, and searches", async () => {
  const count = async (input: Record<string, unknown>) => (await admin.audit.list({ tenantId, ...input })).total;
  expect(await count({ action: ["devices.create"] })).toBe(3);
  expect(await count({ subjectKind: "invitation" })).toBe(1);
  expect(await count({ search: "gerät № 2" })).toBe(1);
  expect(await count({ action: "devices.create", search: "nothing" })).toBe(0);
});
