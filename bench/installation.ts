/** The control plane's real workers, and two gateways with their agents, for benches from a change to the kernel. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { asStaff } from "../prisma/seed/callers";
import { largeNetwork, seedLarge } from "../prisma/seed/large";
import { seedOperator } from "../prisma/seed/operator";
import { startDemonstrationNetwork } from "../scripts/demonstration-network";
import { root } from "../scripts/support/bootstrap.mjs";
import { buildGateway, buildWorkers } from "../scripts/support/builds";
import { Console } from "../scripts/support/console";
import { ProcessBook } from "../scripts/support/processes";
import { supervise } from "../scripts/support/supervise";
import { ensureAuthorities } from "../server/certificates/authority";
import { inTenant, system } from "../server/core/db";
import { findReceipt } from "../server/revisions/revisions";
import type { ScratchDatabase } from "./scratch-database";

export const password = "a-password-for-the-bench";
/** The same at every size, since what is asked is what an account costs. */
const shared = { groups: 200, policies: 100 };

export type Installation = ReturnType<typeof startInstallation>;

export function startInstallation({ folder, settings }: ScratchDatabase, labNumber: number) {
  const console = new Console(join(folder, "logs"), true);
  const book = new ProcessBook(join(folder, "run"));
  const stops: (() => Promise<void>)[] = [];
  const start = async () => {
    const { signal } = new AbortController();
    await Promise.all([buildWorkers(console, signal), buildGateway(console, signal)]);
    await ensureAuthorities();
    const { administrator, plans } = await seedOperator(password, "administrator@drawbridge.example");
    const workers = supervise({
      name: "workers",
      console,
      book,
      spawn: () =>
        spawn(process.execPath, [join(root, "dist/workers.mjs")], {
          cwd: root,
          env: { ...process.env, ...settings, NODE_ENV: "production" },
          detached: true,
          stdio: ["ignore", "pipe", "pipe"],
        }),
    });
    stops.push(() => workers.stop());
    const network = startDemonstrationNetwork({
      labNumber,
      dataDir: folder,
      password,
      console,
      book,
      logLevel: "info",
    });
    stops.push(() => network.stop());
    const { gateways, people, sites } = await network.ready;
    return { gateways, people, sites, addTenant };

    /** @returns its id, once both gateways have all of it */
    async function addTenant(accounts: number): Promise<string> {
      const { tenantId } = await asStaff(administrator).tenants.create({
        name: `Meridian Rail ${accounts}`,
        slug: `meridian-rail-${accounts}`,
        planId: plans.Enterprise!,
        networks: [largeNetwork],
        admin: { email: `admin@meridian-rail-${accounts}.example` },
      });
      await seedLarge(tenantId, { accounts, devices: accounts, ...shared }, { password });
      await untilThere(tenantId, gateways.length);
      return tenantId;
    }
  };
  const ready = start();
  return {
    ready,
    async stop() {
      await ready.catch(() => {});
      for (const stop of stops.reverse()) await stop();
    },
  };
}

/** Until that many gateways have all of the tenant's changes. */
export async function untilThere(tenantId: string, gateways: number): Promise<void> {
  const isThere = () =>
    inTenant(system, tenantId, async ({ tx }) => {
      const { revision } = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
      return (await tx.appliedRevision.count({ where: { tenantId, revision } })) === gateways;
    });
  const deadline = Date.now() + 300_000;
  while (!(await isThere())) {
    if (Date.now() > deadline) throw new Error("the gateways did not get the large tenant in time");
    await delay(100);
  }
}

export interface Watch {
  /** From here on receipts are heard. */
  begin(): void;
  /** Resolves with the time at which the last gateway's receipt of that revision was heard of. */
  all(revision: number): Promise<number>;
}

/** A receipt is announced as it is committed; that it is the one that was meant is asked afterwards. */
export function watchReceipts(client: pg.Client, tenantId: string, gateways: number): Watch {
  let heardAt: number[] = [];
  let wake = () => {};
  client.on("notification", ({ payload }) => {
    if (payload !== tenantId) return;
    heardAt.push(performance.now());
    wake();
  });
  const isEnforced = (revision: number) =>
    inTenant(system, tenantId, async (scope) =>
      (await findReceipt(scope, revision))!.gateways.every(({ status, ms }) => status === "enforced" && ms !== null),
    );
  return {
    begin() {
      heardAt = [];
    },
    async all(revision) {
      for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
        if (heardAt.length >= gateways && (await isEnforced(revision))) return heardAt.at(-1)!;
        const heard = new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (heardAt.length < gateways) await Promise.race([heard, delay(1_000)]);
      }
      throw new Error(`revision ${revision} has no receipts after 30 s`);
    },
  };
}
