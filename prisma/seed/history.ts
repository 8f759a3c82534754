/**
 * The demonstration's last three days: sessions of its people, their traffic, and what was refused to them. It is told
 * as gateways tell it, through the ledger, of gateways that have just been enrolled and have told nothing yet.
 */
import { createHash } from "node:crypto";
import type { EventBody, GatewayEvent, RefusalCode, RefusedFlow, SessionStart } from "../../gateway/protocol/events";
import { inTenant, inTransaction, system } from "../../server/core/db";
import { commitEvents } from "../../server/gateways/ledger";
import { type TenantSeed, tenants } from "./demonstration-data";
import { randomOf, uuidOf } from "./deterministic";

export interface HistoryGateway {
  id: string;
  /** Region's code. */
  region: string;
}

const minute = 60_000;
const day = 24 * 60 * minute;
const days = 3;
const sampleEveryMs = 5 * minute;

/** @param gateways enrolled ones; sessions are at the one of their tenant's home region */
export async function seedHistory(gateways: HistoryGateway[], now = new Date()): Promise<void> {
  await inTransaction(system, {}, async ({ tx }) => {
    const earlier = new Date(now.getTime() - (days + 1) * day);
    await tx.$queryRaw`SELECT ensure_partitions(${earlier}::timestamptz)::text`;
  });
  for (const gateway of gateways) {
    const bodies: { at: Date; body: EventBody }[] = [];
    for (const seed of tenants)
      if (seed.homeRegion === gateway.region) bodies.push(...(await tenantHistory(seed, now)));
    if (bodies.length === 0) continue;
    const events: GatewayEvent[] = bodies
      .sort((a, b) => a.at.getTime() - b.at.getTime())
      .map(({ at, body }, index) => ({ ...body, sequence: index + 1, at: at.toISOString() }));
    // In an epoch of its own, and then as if nothing had been told: the agent's own is the first.
    await commitEvents(gateway.id, { epoch: uuidOf("history", gateway.id), events, isNewEpoch: true });
    await inTransaction(system, {}, ({ tx }) =>
      tx.gateway.update({ where: { id: gateway.id }, data: { epoch: null, cursor: 0 } }),
    );
  }
}

async function tenantHistory(
  { slug, refused: seeds }: TenantSeed,
  now: Date,
): Promise<{ at: Date; body: EventBody }[]> {
  const tenant = await inTransaction(system, { isStaff: true }, ({ tx }) =>
    tx.tenant.findUnique({ where: { slug }, select: { id: true } }),
  );
  if (!tenant) return [];
  const where = { tenantId: tenant.id };
  const { accounts, devices } = await inTenant(system, tenant.id, async ({ tx }) => ({
    accounts: await tx.account.findMany({ where, orderBy: { address: "asc" } }),
    devices: await tx.device.findMany({ where }),
  }));
  const packets = seeds.map(({ from, to, rule, packets, minutesAgo }) => {
    const target = devices.find(({ name }) => name === to);
    const flow: RefusedFlow = {
      accountId: accounts.find(({ name }) => name === from)?.id ?? null,
      deviceId: devices.find(({ name }) => name === from)?.id ?? null,
      destination: target?.address.replace(/\/32$/, "") ?? to,
      targetId: target?.id ?? null,
      ...{ protocol: rule.protocol, port: rule.from, packets },
    };
    const body: EventBody = { type: "refused_packets", tenants: [{ tenantId: tenant.id, flows: [flow] }] };
    return { at: new Date(now.getTime() - minutesAgo * minute), body };
  });
  const histories = accounts.flatMap((account, index): { at: Date; body: EventBody }[] => {
    const random = randomOf(index + 1);
    const person: Person = {
      tenantId: tenant.id,
      accountId: account.id,
      vpnAddress: account.address.replace(/\/32$/, ""),
      realAddress: `203.0.113.${20 + index}`,
      fingerprint: createHash("sha256").update(`history ${account.id}`).digest("hex"),
      ...clients[index % clients.length]!,
    };
    if (account.mustChangePassword)
      return [refused(person, "password_must_change", new Date(now.getTime() - 5 * 60 * minute))];
    if (account.state === "revoked") return [refused(person, "account_revoked", new Date(now.getTime() - 90 * minute))];
    return accountHistory(person, random, now);
  });
  return [...histories, ...packets];
}

type Person = Pick<
  SessionStart,
  "tenantId" | "vpnAddress" | "realAddress" | "fingerprint" | "clientVersion" | "platform"
> & { accountId: string };

const clients = [
  { clientVersion: "2.6.14", platform: "linux" },
  { clientVersion: "2.6.12", platform: "win" },
  { clientVersion: "2.6.8", platform: "mac" },
];

/** Two or three sessions a day, one after the other, the last one over some time ago. */
function accountHistory(person: Person, random: () => number, now: Date): { at: Date; body: EventBody }[] {
  const events: { at: Date; body: EventBody }[] = [];
  const between = (least: number, most: number) => least + random() * (most - least);
  let at = now.getTime() - days * day + between(0, 5 * 60) * minute;
  for (let serial = 1; ; serial++) {
    const lasts = between(20, 150) * minute;
    if (at + lasts > now.getTime() - 25 * minute) break;
    if (random() < 0.15) events.push(refused(person, "password_wrong", new Date(at - minute)));
    events.push(...sessionEvents(person, new Date(at), lasts, serial, random));
    at += lasts + between(4 * 60, 9 * 60) * minute;
  }
  return events;
}

function sessionEvents(person: Person, from: Date, lastsMs: number, serial: number, random: () => number) {
  const connectedAt = from.toISOString();
  const key = { sessionId: sessionIdOf(from, person.accountId), tenantId: person.tenantId, connectedAt };
  const { realAddress, ...rest } = person;
  const start: SessionStart = {
    ...rest,
    ...key,
    realAddress: `${realAddress}:${40_000 + Math.floor(random() * 20_000)}`,
    processBoot: uuidOf("boot", Math.floor(from.getTime() / day)),
    clientId: serial,
    process: random() < 0.8 ? "udp" : "tcp",
    cipher: "AES-256-GCM",
  };
  const events: { at: Date; body: EventBody }[] = [{ at: from, body: { type: "connected", ...start } }];
  const bytesASecond = 2_000 + random() * 60_000;
  let received = 4_000;
  let sent = 5_000;
  for (let passed = sampleEveryMs; passed < lastsMs; passed += sampleEveryMs) {
    const burst = bytesASecond * (0.3 + random() * 1.4) * (sampleEveryMs / 1000);
    received += Math.round(burst * 0.15);
    sent += Math.round(burst);
    events.push({ at: new Date(from.getTime() + passed), body: { type: "bytes", ...key, received, sent } });
  }
  const isTimedOut = random() < 0.2;
  events.push({
    at: new Date(from.getTime() + lastsMs),
    body: {
      type: "disconnected",
      ...key,
      received,
      sent,
      code: isTimedOut ? "timed_out" : "left",
      reason: isTimedOut ? "The client was not heard of any more." : null,
    },
  });
  return events;
}

const reasons: Partial<Record<RefusalCode, string>> = {
  password_wrong: "The password is not right.",
  password_must_change: "The temporary password was not changed yet. Sign in to the portal and choose your own.",
  account_revoked: "This access was revoked.",
};

const refused = ({ tenantId, accountId, realAddress }: Person, code: RefusalCode, at: Date) => ({
  at,
  body: {
    type: "refused" as const,
    tenantId,
    accountId,
    code,
    reason: reasons[code]!,
    realAddress: `${realAddress}:51820`,
    process: "udp",
  },
});

/** Version 7, as gateways make them: it begins with the time, and tells which of two sessions is the newer. */
function sessionIdOf(at: Date, accountId: string): string {
  const time = at.getTime().toString(16).padStart(12, "0");
  const rest = uuidOf("session", accountId, at.getTime());
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(15)}`;
}
