/**
 * What a tenant notices of a flood that is meant for somebody else: the 95th percentile of a page's list, while a stranger
 * sends 700 acceptances of an invitation at a time, and an admin of another tenant 150 resets of a password. The floor is
 * the same list without the flood, in turns with it. In this process, behind the ladder that every request goes through.
 */
import { callAs, createTenantWithAdmin, unique } from "../e2e/support/principals";
import { percentile, type Report } from "./report";
import { createScratchDatabase } from "./scratch-database";

const rounds = 6;
const callsARound = 40;

export async function flood(): Promise<Report> {
  const database = await createScratchDatabase();
  try {
    const [ours, theirs] = [await createTenantWithAdmin(), await createTenantWithAdmin()];
    const email = `${unique("dana")}@flood.test`;
    const { account } = await callAs(theirs.admin).accounts.create({ tenantId: theirs.tenantId, name: "Dana", email });
    const target = { tenantId: theirs.tenantId, accountId: account.id };
    const stranger = callAs(null, "203.0.113.66");
    const admin = callAs(theirs.admin);
    const guess = { token: "x".repeat(43), name: "Eve", password: "correct horse battery" };
    const wave = () =>
      Promise.allSettled([
        ...Array.from({ length: 700 }, () => stranger.invitations.accept(guess)),
        ...Array.from({ length: 150 }, () => admin.accounts.resetPassword(target)),
      ]);

    const quiet: number[] = [];
    const flooded: number[] = [];
    const measure = async (into: number[]) => {
      const caller = callAs(ours.admin);
      for (let n = 0; n < callsARound; n++) {
        const begun = performance.now();
        await caller.accounts.list({ tenantId: ours.tenantId });
        into.push(performance.now() - begun);
      }
    };
    await measure([]);
    for (let round = 0; round < rounds; round++) {
      await measure(quiet);
      let isOver = false;
      const flooding = (async () => {
        while (!isOver) await wave();
      })();
      await measure(flooded);
      isOver = true;
      await flooding;
    }
    const row = (what: string, samples: number[]) => ({
      what,
      "p50 ms": Math.round(percentile(samples, 50)),
      "p95 ms": Math.round(percentile(samples, 95)),
      "most ms": Math.round(Math.max(...samples)),
    });
    const [value, floor] = [percentile(flooded, 95), percentile(quiet, 95)];
    return {
      unit: "ms (p95)",
      value,
      floor,
      ratio: value / floor,
      reach: "at most 3",
      rows: [row("without a flood", quiet), row("under a flood", flooded)],
    };
  } finally {
    await database.destroy();
  }
}
