/**
 * Tenants: customer organisations. This file holds what other domains need of one: to enter it as staff, its entries in
 * the document, stable addresses from its blocks, and how gateways reach its networks.
 */
import { type Cidr, formatAddress, parseCidr } from "@/gateway/protocol/addresses";
import type { Entry } from "@/gateway/protocol/document";
import { bind, lockTenant, type Scope, type TenantScope, type Tx } from "../core/db";
import { env } from "../core/env";
import { AppError, notFound } from "../core/errors";
import { bareAddress, withPrefix } from "../core/inet";
import type { Tenant } from "../core/prisma/client";

/** Binds staff's transaction to a tenant for writing and takes its lock. @throws not_found where there is none, or no more */
export async function enterTenant(scope: Scope, tenantId: string): Promise<{ scope: TenantScope; tenant: Tenant }> {
  await bind(scope.tx, { tenantId, isStaff: true, userId: scope.actor.id ?? undefined });
  const entered: TenantScope = { ...scope, tenantId };
  await lockTenant(entered);
  const tenant = await scope.tx.tenant.findUnique({ where: { id: tenantId } });
  if (!tenant || tenant.state === "deleted") throw notFound("tenant");
  return { scope: entered, tenant };
}

/** The tenant's own entry as it now stands; null once it is deleted. */
export async function tenantEntry({ tx, tenantId }: TenantScope): Promise<Entry> {
  const tenant = await tx.tenant.findUniqueOrThrow({
    where: { id: tenantId },
    include: { blocks: { orderBy: { cidr: "asc" } } },
  });
  const { number, name, slug: label, state, secondSession } = tenant;
  const blocks = tenant.blocks.map((block) => block.cidr);
  return {
    kind: "tenant",
    id: tenantId,
    value: state === "deleted" ? null : { number, name, label, state, secondSession, blocks },
  };
}

export async function networkEntries({ tx, tenantId }: TenantScope): Promise<Entry[]> {
  const networks = await tx.network.findMany({ where: { tenantId } });
  return networks.map(({ id, cidr }) => ({ kind: "network", id, value: { cidr: withPrefix(cidr) } }));
}

export async function uplinkEntries({ tx, tenantId }: TenantScope, gatewayId?: string): Promise<Entry[]> {
  const uplinks = await tx.uplink.findMany({ where: { tenantId, ...(gatewayId ? { gatewayId } : {}) } });
  return uplinks.map((uplink) => ({
    kind: "uplink",
    id: uplink.gatewayId,
    value: { interface: uplink.interface, nextHop: uplink.nextHop && bareAddress(uplink.nextHop) },
  }));
}

/** What an uplink is called until staff say otherwise. */
export const defaultUplink = (tenantNumber: number) => `up-${tenantNumber}`;

/**
 * How long an address rests before somebody else is given it: longer than anybody goes on taking it for its former
 * owner's, be it a gateway that comes back with events of then, or a device's own log and rules. Our history does not
 * depend on it: sessions and refusals name accounts and devices, never addresses.
 */
export const addressQuarantineMs = 30 * 24 * 60 * 60_000;

/**
 * A stable address for a new owner, and the entries that must be published with it: of those released the one that has
 * rested longest, or else the next that nobody has had. Takes the tenant's row lock, so two at once are never given one.
 * @throws limit when the platform's range is used up
 */
export async function allocateAddress(scope: TenantScope): Promise<{ address: string; entries: Entry[] }> {
  const { tx, tenantId } = scope;
  await lockTenant(scope);
  const rested = await takeRested(scope);
  if (rested) return { address: rested, entries: [] };
  const blocks = await tx.addressBlock.findMany({ where: { tenantId }, orderBy: { id: "asc" } });
  const roomy = blocks.find((block) => block.nextOffset < lastOffset(parseCidr(block.cidr)));
  const block = roomy ?? (await cutBlock(scope));
  await tx.addressBlock.update({
    where: { tenantId_id: { tenantId, id: block.id } },
    data: { nextOffset: block.nextOffset + 1 },
  });
  const address = formatAddress(parseCidr(block.cidr).base + block.nextOffset);
  return { address, entries: roomy ? [] : [await tenantEntry(scope)] };
}

/**
 * Gives a stable address back, which then rests for `addressQuarantineMs`.
 * @param revision with which the former owner was taken out of the document
 */
export async function releaseAddress({ tx, tenantId }: TenantScope, address: string, revision: number): Promise<void> {
  await tx.releasedAddress.create({ data: { tenantId, address, revision } });
}

/** Takes the address that has rested longest. One whose former owner a gateway may still let in rests on. */
async function takeRested({ tx, tenantId }: TenantScope): Promise<string | undefined> {
  const releasedBefore = new Date(Date.now() - addressQuarantineMs);
  const [taken] = await tx.$queryRaw<{ address: string }[]>`
    DELETE FROM released_addresses WHERE tenant_id = ${tenantId}::uuid AND address = (
      SELECT address FROM released_addresses r
      WHERE r.tenant_id = ${tenantId}::uuid AND r.released_at < ${releasedBefore}::timestamptz AND r.revision <= ALL (
        SELECT coalesce(a.revision, 0) FROM gateways g
        LEFT JOIN applied_revisions a ON a.gateway_id = g.id AND a.tenant_id = ${tenantId}::uuid
        WHERE g.enrolled_at IS NOT NULL)
      ORDER BY r.released_at, r.address LIMIT 1)
    RETURNING host(address) AS address`;
  return taken?.address;
}

/**
 * Cuts the next free block of the platform's range for the tenant: one that overlaps no other block, to which the database
 * holds it, and no network of a tenant's, which may be there since before the range was this one.
 */
export async function cutBlock({ tx, tenantId }: TenantScope) {
  // One at a time, so that the free block that is read is still free when it is taken.
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(7270002)::text`;
  const base = (await findFree(tx)) ?? ((await releaseBlocks(tx, tenantId)) ? await findFree(tx) : undefined);
  if (base === undefined)
    throw new AppError("limit", `The platform's VPN range ${env.VPN_RANGE} is used up. Give it a larger one.`);
  return tx.addressBlock.create({ data: { tenantId, cidr: `${formatAddress(base)}/${env.TENANT_BLOCK_PREFIX}` } });
}

/**
 * The base of the first free block. The range's first block is skipped: the gateways' own address is in it.
 * @param taken sorted by base
 */
export function firstFree(range: Cidr, size: number, taken: Cidr[]): number | undefined {
  let candidate = range.base + size;
  for (const block of taken) {
    if (block.base >= candidate + size) break;
    const end = block.base + block.size;
    if (end > candidate) candidate = range.base + Math.ceil((end - range.base) / size) * size;
  }
  return candidate + size <= range.base + range.size ? candidate : undefined;
}

/** Those of deleted tenants count as taken until they have rested. */
async function findFree(tx: Tx): Promise<number | undefined> {
  const taken = await seeingAll(
    tx,
    () => tx.$queryRaw<{ cidr: string }[]>`
      SELECT cidr::text FROM address_blocks UNION ALL SELECT cidr::text FROM networks WHERE cidr && ${env.VPN_RANGE}::inet`,
  );
  return firstFree(
    parseCidr(env.VPN_RANGE),
    2 ** (32 - env.TENANT_BLOCK_PREFIX),
    taken.map(({ cidr }) => parseCidr(cidr)).sort((one, other) => one.base - other.base),
  );
}

/** Gives back the blocks of deleted tenants that have rested and every enrolled gateway has dropped. @returns whether there were any */
async function releaseBlocks(tx: Tx, tenantId: string): Promise<boolean> {
  const deletedBefore = new Date(Date.now() - addressQuarantineMs);
  const dropped = await seeingAll(
    tx,
    () => tx.$queryRaw<{ id: string }[]>`
      SELECT t.id FROM tenants t WHERE t.deleted_at < ${deletedBefore}::timestamptz
        AND EXISTS (SELECT FROM address_blocks b WHERE b.tenant_id = t.id)
        AND NOT EXISTS (
          SELECT FROM gateways g LEFT JOIN applied_revisions a ON a.gateway_id = g.id AND a.tenant_id = t.id
          WHERE g.enrolled_at IS NOT NULL AND coalesce(a.revision, 0) < t.revision)`,
  );
  for (const { id } of dropped) {
    await tx.$queryRaw`SELECT set_config('app.tenant', ${id}, true)`;
    await tx.addressBlock.deleteMany({ where: { tenantId: id } });
  }
  await tx.$queryRaw`SELECT set_config('app.tenant', ${tenantId}, true)`;
  return dropped.length > 0;
}

/** Reads across tenants for a moment, whatever the transaction is bound to. */
async function seeingAll<T>(tx: Tx, read: () => Promise<T>): Promise<T> {
  const [before] = await tx.$queryRaw<{ staff: string | null }[]>`
    SELECT current_setting('app.staff', true) AS staff, set_config('app.staff', 'on', true)`;
  const result = await read();
  await tx.$queryRaw`SELECT set_config('app.staff', ${before?.staff ?? ""}, true)`;
  return result;
}

/** The last address of a block is left out, as the first is. */
const lastOffset = ({ size }: Cidr) => size - 1;
