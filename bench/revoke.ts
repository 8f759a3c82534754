/**
 * From the commit of a revocation to the last packet of that person that reached a device: real workers, a database that
 * syncs, two agents with their kernels, and a client who sends a small datagram every 2 ms through its tunnel, each
 * stamped by the device as it comes. So a figure is up to 2 ms short. Between two revocations the person is restored and
 * connects anew.
 *
 * The floor is one push: the same kind of change, put to the same gateway over mutual TLS from request to reply, without
 * queue and database, in a tenant of the bench's own. Nobody of that tenant is connected, so it ends no session, and is
 * less than what a revocation's push takes.
 */
import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { labTools } from "../e2e/lab/network";
import { startVpnClient, until, type VpnClient } from "../e2e/lab/vpn-client";
import { plainAccount, plainTenant } from "../gateway/testing/values";
import { ensureProfile } from "../scripts/demonstration-profile";
import { restoreAccount, revokeAccount } from "../server/accounts/accounts";
import { database, inTenant, system, type TenantScope } from "../server/core/db";
import { closeGatewayConnections, type GatewayAddress, putTenant } from "../server/gateways/client";
import { createPolicy } from "../server/policies/policies";
import { password, startInstallation, watchReceipts } from "./installation";
import { uuid } from "./lab-gateway";
import { median, percentile, type Report, round } from "./report";
import { createScratchDatabase } from "./scratch-database";

const runs = Number(process.env.BENCH_RUNS ?? 20);
const accounts = Number(process.env.BENCH_ACCOUNTS ?? 1_000);
const floorsPerRun = 5;
const port = 9000;
/** Of the tenant's first device. */
const deviceAddress = "10.0.0.10";

export async function revoke(): Promise<Report> {
  const scratch = await createScratchDatabase();
  const installation = startInstallation(scratch, 248);
  const owner = new pg.Client({ connectionString: scratch.ownerUrl });
  try {
    const { addTenant, gateways, people, sites } = await installation.ready;
    await owner.connect();
    await owner.query("LISTEN receipts");
    const tenantId = await addTenant(accounts);
    const watch = watchReceipts(owner, tenantId, gateways.length);
    /** Resolves when both gateways have it. */
    const change = async (work: (scope: TenantScope) => Promise<{ revision: number }>) => {
      let committedAt = 0;
      watch.begin();
      const { revision } = await inTenant(system, tenantId, async (scope) => {
        scope.afterCommit(async () => {
          committedAt = now();
        });
        return work(scope);
      });
      const receiptAt = await watch.all(revision);
      return { committedAt, receiptMs: performance.timeOrigin + receiptAt - committedAt };
    };
    const { rows } = await owner.query<{ id: string; email: string; slug: string; number: number; group: string }>(
      `SELECT a.id, a.email, t.slug, t.number, (SELECT m.group_id FROM device_group_members m JOIN devices d ON d.tenant_id = m.tenant_id
         AND d.id = m.device_id WHERE d.tenant_id = t.id AND host(d.address) = $2 LIMIT 1) AS group
       FROM accounts a JOIN tenants t ON t.id = a.tenant_id WHERE t.id = $1 ORDER BY a.email LIMIT 1`,
      [tenantId, deviceAddress],
    );
    const person = rows[0]!;
    await change((scope) =>
      createPolicy(scope, {
        ...{ name: "Datagrams of the bench", description: "", isEnabled: true, groupIds: [person.group] },
        accountIds: [person.id],
        rules: [{ protocol: "udp", from: port, to: port }],
      }),
    );
    const profileFile = await ensureProfile(person, join(scratch.folder, "people"));
    if (!profileFile) throw new Error(`${person.email} may not connect`);
    const profile = readFileSync(profileFile, "utf8");

    const tools = labTools();
    const site = sites.find(({ tenantNumber }) => tenantNumber === person.number)!;
    const stamps = join(scratch.folder, "stamps");
    appendFileSync(stamps, "");
    const output = openSync(stamps, "a");
    const device = tools.spawn(site.namespace, [process.execPath, "-e", deviceScript], { stdio: ["ignore", output, "inherit"] }); // biome-ignore format: a command
    closeSync(output);
    const { namespace } = people.at(-1)!;
    const sender = tools.spawn(namespace, [process.execPath, "-e", senderScript]);
    const arrivals = () => readFileSync(stamps, "utf8").trim().split("\n").map(Number);
    const push = await prepareFloor(await database().gateway.findUniqueOrThrow({ where: { id: gateways[0]!.id } }));

    const taken = { last: [] as number[], receipt: [] as number[], floor: [] as number[] };
    let client: VpnClient | undefined;
    try {
      // The first turn warms up.
      for (let run = 0; run <= runs; run++) {
        client = startVpnClient(tools, namespace, scratch.folder, { profile, password });
        await client.connected(60_000);
        const seen = arrivals().length;
        await until(() => arrivals().length > seen + 100, 30_000, () => `no datagram arrives:\n${client!.log()}`); // biome-ignore format: a line
        const { committedAt, receiptMs } = await change((scope) =>
          revokeAccount(scope, { accountId: person.id, reason: "for the bench" }),
        );
        await silence(arrivals);
        const last = arrivals().at(-1)! - committedAt;
        if (last < 0) throw new Error(`the datagrams had ended ${-last} ms before the revocation did`);
        await client.stop();
        const floors: number[] = [];
        for (let n = 0; n < floorsPerRun; n++) floors.push(await push());
        await change((scope) => restoreAccount(scope, person.id));
        if (run === 0) continue;
        taken.last.push(last);
        taken.receipt.push(receiptMs);
        taken.floor.push(...floors);
      }
    } finally {
      client?.process.kill("SIGKILL");
      sender.kill("SIGKILL");
      device.kill("SIGKILL");
    }
    const row = (what: string, samples: number[]) => ({
      what,
      "p50, ms": round(median(samples)),
      "p99, ms": round(percentile(samples, 99)),
    });
    return {
      unit: "ms, p50",
      value: median(taken.last),
      floor: median(taken.floor),
      ratio: median(taken.last) / median(taken.floor),
      reach: "p50 ratio ≤ 2",
      rows: [
        row(`commit → last packet that passed, ${runs} revocations`, taken.last),
        row("commit → both receipts", taken.receipt),
        row("floor: one push, request → reply", taken.floor),
      ],
    };
  } finally {
    await owner.end();
    await installation.stop();
    closeGatewayConnections();
    await scratch.destroy();
  }
}

/** Milliseconds since 1970 with their fractions, as every process of the machine has them. */
const now = () => performance.timeOrigin + performance.now();

/** Until nothing has come for a second, in which 500 would have. */
async function silence(arrivals: () => number[]): Promise<void> {
  await until(() => now() - arrivals().at(-1)! > 1_000, 30_000, () => "packets still pass"); // biome-ignore format: a line
}

/** Revokes and restores, in turns, an account of a tenant that only this gateway knows. @returns milliseconds of a push */
async function prepareFloor(gateway: GatewayAddress): Promise<() => Promise<number>> {
  const tenantId = uuid(0xbe);
  let revision: number | null = null;
  const push = async (entries: object[]) => {
    const to = (revision ?? 0) + 1;
    const began = performance.now();
    const result = await putTenant(gateway, tenantId, { from: revision, to, entries: entries.map((entry) => JSON.stringify(entry)) }); // biome-ignore format: a call
    const ms = performance.now() - began;
    if (result.outcome !== "enforced") throw new Error(`the gateway is at revision ${result.revision}`);
    revision = to;
    return ms;
  };
  const address = "100.127.240.1";
  const person = (n: number, state: string, at: string) => ({
    kind: "account",
    id: uuid(0xbe0000 + n),
    value: { ...plainAccount, state, address: at, policies: [uuid(2)] },
  });
  const policy = { name: "all", isEnabled: true, groups: [uuid(3)], rules: [{ protocol: "tcp", from: 80, to: 80 }] };
  await push([
    { kind: "tenant", id: tenantId, value: { ...plainTenant, number: 4_000, label: "bench", blocks: ["100.127.240.0/20"] } },
    { kind: "policy", id: uuid(2), value: policy },
    person(0, "active", address),
  ]); // biome-ignore format: entries
  let isIn = true;
  return () => {
    isIn = !isIn;
    return push([person(0, isIn ? "active" : "revoked", address)]);
  };
}

const deviceScript = `
const fs = require("fs");
require("dgram").createSocket("udp4")
  .on("message", () => fs.writeSync(1, performance.timeOrigin + performance.now() + "\\n"))
  .bind(${port}, "${deviceAddress}");`;

/** What has no route, while there is no tunnel, is let go. */
const senderScript = `
const socket = require("dgram").createSocket("udp4").on("error", () => {});
socket.bind(() => setInterval(() => socket.send("x", ${port}, "${deviceAddress}", () => {}), 2));`;
