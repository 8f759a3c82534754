/**
 * From the commit of a change to both gateways' receipts, in a tenant of 1,000 accounts and devices and then in one of
 * 100,000 beside it: real workers, a database that syncs, two real agents with their kernels. Accounts are revoked and
 * restored by the domain's own functions; between any two changes each part of the floor is taken once, at the same
 * gateways and in the same databases. The floor of one change is the sum of what its four parts took beside it.
 */
import pg from "pg";
import { z } from "zod";
import { labTools } from "../e2e/lab/network";
import { createNftPipe } from "../gateway/firewall/command-pipe";
import { formatAddress, parseAddress } from "../gateway/protocol/addresses";
import type { NetworkNote } from "../scripts/support/installation-note";
import { restoreAccount, revokeAccount } from "../server/accounts/accounts";
import { database, inTenant, system } from "../server/core/db";
import { createWorker, defineJob, enqueue } from "../server/core/queue";
import { closeGatewayConnections, getState } from "../server/gateways/client";
import { type Installation, startInstallation, type Watch, watchReceipts } from "./installation";
import { median, percentile, type Report, round } from "./report";
import { createScratchDatabase } from "./scratch-database";

/** Tenants of so many accounts and devices, the first measured alone and the second beside it. */
const sizes = (process.env.BENCH_ACCOUNTS ?? "1000,100000").split(",").map(Number);
const changes = Number(process.env.BENCH_CHANGES ?? 200);
const warmUp = 20;

export async function propagation(): Promise<Report> {
  const scratch = await createScratchDatabase();
  const installation = startInstallation(scratch, 243);
  const owner = new pg.Client({ connectionString: scratch.ownerUrl });
  try {
    await installation.ready;
    await owner.connect();
    await owner.query("LISTEN receipts");
    const measured: Measured[] = [];
    for (const accounts of sizes) measured.push(await measure(accounts, installation, owner));
    const [first, last] = [measured[0]!, measured.at(-1)!];
    const row = (what: string, samples: number[]) => ({
      what,
      "p50, ms": round(median(samples)),
      "p99, ms": round(percentile(samples, 99)),
    });
    return {
      unit: "ms, p50",
      value: median(last.total),
      floor: median(last.least),
      ratio: median(last.total) / median(last.least),
      reach: "p50 ratio ≤ 2, p99 ratio ≤ 4, p50 within 1.3 of the first size's",
      rows: [
        ...measured.flatMap(({ accounts, total, parts, floors, least }) => [
          row(`${accounts} accounts: commit → both kernels and both receipts`, total),
          row("  of it: both jobs added", parts.enqueued),
          row("  of it: the slower agent, request → kernel", parts.agent),
          row("  as the receipt tells it (whole ms)", parts.receipt),
          ...Object.entries(floors).map(([name, samples]) => row(`  floor: ${name}`, samples)),
          row("  floor: all four", least),
          {
            what: "  ratio",
            "p50, ms": round(median(total) / median(least)),
            "p99, ms": round(percentile(total, 99) / percentile(least, 99)),
          },
        ]),
        { what: "last size over first", "p50, ms": round(median(last.total) / median(first.total)), "p99, ms": "" },
      ],
    };
  } finally {
    await owner.end();
    await installation.stop();
    closeGatewayConnections();
    await scratch.destroy();
  }
}

interface Measured {
  accounts: number;
  total: number[];
  parts: { enqueued: number[]; receipt: number[]; agent: number[] };
  floors: Record<string, number[]>;
  /** The parts of the floor that were taken beside one change, together. */
  least: number[];
}

async function measure(accounts: number, installation: Installation, owner: pg.Client): Promise<Measured> {
  const { gateways, addTenant } = await installation.ready;
  const tenantId = await addTenant(accounts);
  const watch = watchReceipts(owner, tenantId, gateways.length);
  const { rows: people } = await owner.query<Person>(
    "SELECT id, host(address) AS address FROM accounts WHERE tenant_id = $1 ORDER BY id LIMIT $2",
    [tenantId, changes],
  );
  const floor = await prepareFloor(accounts, owner, gateways);
  try {
    await requireEnforced(tenantId, people[0]!, gateways, watch);
    const measured: Measured = {
      ...{ accounts, total: [], parts: { enqueued: [], receipt: [], agent: [] }, least: [] },
      floors: Object.fromEntries(Object.keys(floor.parts).map((name) => [name, []])),
    };
    for (let n = 0; n < warmUp + changes; n++) {
      const change = await propagate(tenantId, people[n >> 1]!.id, n % 2 === 0, watch);
      const taken: [string, number][] = [];
      for (const [name, part] of Object.entries(floor.parts)) taken.push([name, await timed(part)]);
      if (n < warmUp) continue;
      measured.total.push(change.ms);
      measured.parts.enqueued.push(change.enqueuedMs);
      const { rows } = await owner.query<{ ms: number; took: number }>(receiptTimes, [tenantId, change.revision]);
      measured.parts.receipt.push(rows[0]!.ms);
      measured.parts.agent.push(rows[0]!.took);
      for (const [name, ms] of taken) measured.floors[name]!.push(ms);
      measured.least.push(taken.reduce((sum, [, ms]) => sum + ms, 0));
    }
    return measured;
  } finally {
    await floor.close();
  }
}

interface Person {
  id: string;
  address: string;
}

/** Of the slower gateway. */
const receiptTimes = `SELECT max(extract(epoch FROM p.enforced_at - c.at) * 1000)::float8 AS ms, max(p.took_ms) AS took
  FROM pushes p JOIN changes c ON c.tenant_id = p.tenant_id AND c.revision = p.to_revision WHERE p.tenant_id = $1 AND p.to_revision = $2`;

async function propagate(tenantId: string, accountId: string, isRevoked: boolean, watch: Watch) {
  let committedAt = 0;
  watch.begin();
  const { revision } = await inTenant(system, tenantId, async (scope) => {
    // First in order, so before the jobs.
    scope.afterCommit(async () => {
      committedAt = performance.now();
    });
    return isRevoked ? revokeAccount(scope, { accountId, reason: "for the bench" }) : restoreAccount(scope, accountId);
  });
  const enqueuedMs = performance.now() - committedAt;
  return { revision, enqueuedMs, ms: (await watch.all(revision)) - committedAt };
}

/** That a receipt is true: the kernels have the account's address before, not while it is revoked, and again after. */
async function requireEnforced(
  tenantId: string,
  { id, address }: Person,
  gateways: NetworkNote["gateways"],
  watch: Watch,
): Promise<void> {
  const expect = async (isIn: boolean) => {
    for (const { namespace, name } of gateways) {
      const command = ["nft", "get", "element", "inet", "drawbridge", "people", `{ ${address} }`];
      const isThere = await labTools()
        .exec(namespace, command)
        .then(
          () => true,
          () => false,
        );
      if (isThere !== isIn) throw new Error(`${name}: ${address} ought ${isIn ? "" : "not "}to be in the kernel`);
    }
  };
  await expect(true);
  await propagate(tenantId, id, true, watch);
  await expect(false);
  await propagate(tenantId, id, false, watch);
  await expect(true);
}

const hop = defineJob({ name: "bench.hop", schema: z.object({}), attempts: 1, backoffMs: 100, concurrency: 1 });

/** What cannot be done without, each by itself. */
async function prepareFloor(accounts: number, client: pg.Client, gateways: NetworkNote["gateways"]) {
  await client.query("CREATE TABLE IF NOT EXISTS bench_floor (id int PRIMARY KEY, changed int)");
  await client.query("INSERT INTO bench_floor VALUES (1, 0) ON CONFLICT DO NOTHING");

  let arrived = () => {};
  const worker = createWorker(hop, async () => arrived());
  await worker.worker.waitUntilReady();

  const [gateway] = gateways;
  const address = await database().gateway.findUniqueOrThrow({ where: { id: gateway!.id } });
  const nft = createNftPipe(["ip", "netns", "exec", gateway!.namespace]);
  const change = async (command: string) => {
    const complaint = await nft.run(command);
    if (complaint) throw new Error(complaint);
  };
  // As large as what is changed beside it.
  await change("add table inet bench");
  await change("add set inet bench people { type ipv4_addr; }");
  const first = parseAddress("172.20.0.1");
  for (let n = 0; n < accounts; n += 1_000) {
    const some = Array.from({ length: Math.min(1_000, accounts - n) }, (_, i) => formatAddress(first + n + i));
    await change(`add element inet bench people { ${some.join(", ")} }`);
  }
  let isIn = true;
  const parts: Record<string, () => Promise<unknown>> = {
    "one commit": () => client.query("UPDATE bench_floor SET changed = changed + 1"),
    "one hop through the queue": () => {
      const there = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      return Promise.all([there, enqueue(hop, {})]);
    },
    "one request over mutual TLS": () => getState(address),
    "one element of a set in the kernel": () => {
      isIn = !isIn;
      return change(`${isIn ? "add" : "delete"} element inet bench people { ${formatAddress(first)} }`);
    },
  };
  return {
    parts,
    async close() {
      await change("delete table inet bench");
      nft.close();
      await worker.close();
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
