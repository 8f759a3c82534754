import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callAs, createMember, createTenantWithAdmin, createUser } from "@/e2e/support/principals";
import { useOwnDatabase } from "@/e2e/support/test-database";
import { closeDatabase, inTransaction, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { handOutHeads } from "./hand-out";
import { findHeads } from "./head";
import { verifyExport } from "./verify";

let folder: string;
let drop: () => Promise<void>;
beforeAll(async () => {
  drop = await useOwnDatabase();
  folder = await mkdtemp(join(tmpdir(), "drawbridge-heads-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await closeQueues();
  await closeDatabase();
  await drop();
});

const mailsTo = async (email: string) => {
  const mails = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.findMany({ where: { recipient: email, subject: { startsWith: "The audit log of" } } }),
  );
  return mails.map(({ text }) => text);
};
const later = (days: number) => new Date(Date.now() + (days * 24 + 1) * 3600_000);

test("heads are handed out once a day and when there is something new, to the tenant's admins and into the operator's file", async () => {
  const file = join(folder, "heads.ndjson");
  const [ours, staff] = [await createTenantWithAdmin(), await createUser("administrator")];
  const viewer = await createMember(ours.tenantId, "viewer");
  await handOutHeads(new Date(), file);
  expect(await mailsTo(ours.admin.email)).toEqual([]);
  await handOutHeads(later(1), file);
  await handOutHeads(later(1), file);
  await handOutHeads(later(3), file);
  const [text, ...more] = await mailsTo(ours.admin.email);
  expect(more).toEqual([]);
  expect(await mailsTo(viewer.email)).toEqual([]);
  expect(await mailsTo(staff.email)).toEqual([expect.stringContaining("of the operator")]);
  // As a reader's program may have broken and quoted it.
  const quoted = text!.replace(/(.{60})/g, "$1\n> ");
  const heads = findHeads(quoted);
  const export_ = (await callAs(ours.admin).audit.export({ tenantId: ours.tenantId })).text.trimEnd().split("\n");
  expect(await verifyExport(Readable.from(export_), heads)).toMatchObject({ isIntact: true, newestHead: heads[0] });
  const inFile = findHeads(await readFile(file, "utf8"));
  expect(inFile.filter((head) => head.tenantId === ours.tenantId)).toEqual(heads);

  await callAs(ours.admin).devices.create({ tenantId: ours.tenantId, name: "new", address: "10.0.0.9" });
  await handOutHeads(later(3), file);
  expect(await mailsTo(ours.admin.email)).toHaveLength(2);
});
