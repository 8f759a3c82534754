/** The ledger from end to end: a gateway's life as in gateway/ledger/history.test.ts, committed into a real database. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRegion, createTenant } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import { GatewayHistory, steps } from "@/gateway/testing/history";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { commitEvents } from "./ledger";

const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const runs = Number(process.env.HISTORIES ?? 100);

let dropDatabase: () => Promise<void>;
let regionId: string;
let tenantId: string;
const accountIds = [randomUUID(), randomUUID(), randomUUID()];

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  regionId = await createRegion("History");
  ({ tenantId } = await createTenant("history"));
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

test("whatever happens on the way, the rows end as the truth", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const gatewayId = await createGateway();
      const gateway = await GatewayHistory.begin({
        ...{ parent, tenantId, accountIds, secondSession: "replace" as const },
        commit: async (reply) => {
          const committed = await commitEvents(gatewayId, reply);
          if (committed) return committed;
          const { epoch, cursor } = await database().gateway.findUniqueOrThrow({ where: { id: gatewayId } });
          return { epoch: epoch ?? "", cursor: Number(cursor) };
        },
      });
      try {
        for (const step of history) await gateway.take(step);
        await gateway.comeToRest();
        const rows = await inTenant(system, tenantId, ({ tx }) => tx.session.findMany({ where: { gatewayId } }));
        const live = rows.filter(({ disconnectedAt }) => disconnectedAt === null);
        expect(live.map((row) => `${row.processBoot} ${row.clientId} ${row.accountId}`).sort()).toEqual(
          gateway.truth(),
        );
        expect(new Map(live.map(({ id, received, sent }) => [id, [Number(received), Number(sent)]]))).toEqual(
          new Map(gateway.ledger.all().map(({ sessionId, received, sent }) => [sessionId, [received, sent]])),
        );
        const told = <T extends string>(type: T) =>
          gateway.collected.filter((event): event is Extract<typeof event, { type: T }> => event.type === type);
        expect(rows.map(({ id }) => id).sort()).toEqual(
          told("connected")
            .map(({ sessionId }) => sessionId)
            .sort(),
        );
        for (const { sessionId, at, code, received } of told("disconnected"))
          expect(rows.find(({ id }) => id === sessionId)).toMatchObject({
            ...{ disconnectedAt: new Date(at), endCode: code, received: BigInt(received) },
          });
      } finally {
        await gateway.close();
      }
    }),
    { numRuns: runs, ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}) },
  );
});

async function createGateway(): Promise<string> {
  const { id } = await database().gateway.create({
    data: {
      ...{ regionId, name: randomUUID(), apiHost: "127.0.0.1", apiPort: 1, publicHost: "127.0.0.1", processes: [] },
      enrolledAt: new Date(),
    },
  });
  return id;
}
