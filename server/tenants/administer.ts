/** What staff do with tenants: from creating one to leaving nothing of it behind. */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { doOverlap, isInside, parseAddress, parseCidr } from "@/gateway/protocol/addresses";
import type { Entry } from "@/gateway/protocol/document";
import { entriesUnderPlan } from "../accounts/accounts";
import { audit } from "../core/audit";
import type { AuditAction } from "../core/audit-actions";
import { bind, type Scope, type TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, conflict, invalid, isUniqueViolation, notFound } from "../core/errors";
import { bareAddress, withPrefix } from "../core/inet";
import type { Tenant, TenantState } from "../core/prisma/client";
import { requireClearOfGateways } from "../gateways/gateways";
import { invite } from "../members/members";
import { publish } from "../revisions/revisions";
import type {
  createTenantInput,
  inviteToTenantInput,
  setNetworksInput,
  setUplinkInput,
  suspendTenantInput,
  updateTenantInput,
} from "./schema";
import { cutBlock, defaultUplink, enterTenant, networkEntries, tenantEntry, uplinkEntries } from "./tenants";

export async function createTenant(
  platform: Scope,
  input: z.infer<typeof createTenantInput>,
): Promise<{ tenantId: string; slug: string; invitationMailId: string; revision: number }> {
  const { tx } = platform;
  requireOutsideRange(input.networks);
  await requireClearOfGateways(platform, input.networks);
  const plan = await requirePlan(platform, input.planId);
  if (input.homeRegionId) await requireRegion(platform, input.homeRegionId);
  // A gateway that is being made now is waited for, and one that comes later sees this tenant: neither misses the other.
  await tx.$executeRaw`LOCK TABLE gateways IN SHARE MODE`;
  const gateways = await tx.gateway.findMany({ select: { id: true } });

  const tenantId = randomUUID();
  await bind(tx, { tenantId, isStaff: true, userId: platform.actor.id ?? undefined });
  const scope: TenantScope = { ...platform, tenantId };
  const { name, slug, planId, homeRegionId } = input;
  const ceiling = { ceilingDown: plan.maxDown, ceilingUp: plan.maxUp };
  const data = { id: tenantId, name, slug, planId, homeRegionId, ...ceiling };
  const tenant = await uniqueSlug(() => tx.tenant.create({ data }));
  const block = await cutBlock(scope);
  await tx.network.createMany({ data: input.networks.map((network) => ({ tenantId, ...network })) });
  await tx.uplink.createMany({
    data: gateways.map(({ id }) => ({ tenantId, gatewayId: id, interface: defaultUplink(tenant.number) })),
  });
  const record = {
    action: "tenants.create" as const,
    subject: subjectOf(tenant),
    details: { slug, plan: plan.name, block: block.cidr, networks: input.networks, admin: input.admin.email },
  };
  await audit(platform, record);
  await audit(scope, record);
  const { mailId } = await invite(scope, { email: input.admin.email, role: "admin" });
  const entries = [await tenantEntry(scope), ...(await networkEntries(scope)), ...(await uplinkEntries(scope))];
  const revision = await publish(scope, entries, {
    summary: `created ${name}`,
    subject: { kind: "tenant", id: tenantId },
  });
  return { tenantId, slug, invitationMailId: mailId, revision };
}

export async function updateTenant(
  platform: Scope,
  input: z.infer<typeof updateTenantInput>,
): Promise<{ revision: number }> {
  const { scope, tenant } = await enterTenant(platform, input.tenantId);
  if (input.planId !== tenant.planId) await requireFittingPlan(scope, input.planId);
  if (input.homeRegionId) await requireRegion(platform, input.homeRegionId);
  const { tenantId: id, ...data } = input;
  const after = await scope.tx.tenant.update({ where: { id }, data });
  await audit(scope, {
    action: "tenants.update",
    subject: subjectOf(after),
    details: { before: changeable(tenant), after: changeable(after) },
  });
  const entries = after.planId === tenant.planId ? [] : await entriesUnderPlan(scope);
  return { revision: await publishTenant(scope, `changed ${after.name}`, entries) };
}

/**
 * Nobody of the tenant's gets in, and nothing crosses; all else stays as it is. Its members read the reason; its VPN users
 * are told to ask them.
 */
export async function suspendTenant(
  platform: Scope,
  { tenantId, reason }: z.infer<typeof suspendTenantInput>,
): Promise<{ revision: number }> {
  return setState(platform, tenantId, "suspended", { action: "tenants.suspend", summary: "suspended", reason });
}

export async function resumeTenant(platform: Scope, tenantId: string): Promise<{ revision: number }> {
  return setState(platform, tenantId, "active", { action: "tenants.resume", summary: "resumed" });
}

/**
 * Its data is gone with the transaction, its name free; gateways drop it as they hear of it. What stays: its row, its
 * address blocks, which rest as any address does that is given back, and its audit.
 */
export async function deleteTenant(platform: Scope, tenantId: string): Promise<{ revision: number }> {
  const { scope, tenant } = await enterTenant(platform, tenantId);
  const { tx } = scope;
  const held = await tx.$queryRaw<Pick<Entry, "kind" | "id">[]>`
    SELECT kind, id FROM document_entries WHERE tenant_id = ${tenantId}::uuid AND value IS NOT NULL`;
  const where = { tenantId };
  await tx.policy.deleteMany({ where });
  await tx.account.deleteMany({ where });
  await tx.deviceGroup.deleteMany({ where });
  await tx.device.deleteMany({ where });
  await tx.releasedAddress.deleteMany({ where });
  await tx.network.deleteMany({ where });
  await tx.uplink.deleteMany({ where });
  await tx.member.deleteMany({ where });
  await tx.invitation.deleteMany({ where });
  await tx.mail.deleteMany({ where });
  await tx.trafficSample.deleteMany({ where });
  await tx.session.deleteMany({ where });
  await tx.refusal.deleteMany({ where });
  await tx.policyUse.deleteMany({ where });
  await tx.policyRuleUse.deleteMany({ where });
  await tx.refusedPackets.deleteMany({ where });
  // No slug that a tenant may have holds a tilde.
  const data = { state: "deleted" as const, deletedAt: new Date(), slug: `~${tenantId}` };
  await tx.tenant.update({ where: { id: tenantId }, data });
  const record = { action: "tenants.delete" as const, subject: subjectOf(tenant), details: { slug: tenant.slug } };
  await audit(platform, record);
  await audit(scope, record);
  const gone = held.map(({ kind, id }) => ({ kind, id, value: null }) as Entry);
  const revision = await publish(scope, gone, {
    summary: `deleted ${tenant.name}`,
    subject: { kind: "tenant", id: tenantId },
  });
  return { revision };
}

export async function setNetworks(
  platform: Scope,
  { tenantId, networks }: z.infer<typeof setNetworksInput>,
): Promise<{ revision: number }> {
  requireOutsideRange(networks);
  await requireClearOfGateways(platform, networks);
  const { scope, tenant } = await enterTenant(platform, tenantId);
  const { tx } = scope;
  await requireOutsideBlocks(scope, networks);
  await requireDevicesInside(scope, networks);
  const before = await tx.network.findMany({ where: { tenantId }, orderBy: { cidr: "asc" } });
  const wanted = new Map(networks.map(({ cidr, name }) => [cidr, name]));
  const removed = before.filter(({ cidr }) => !wanted.has(withPrefix(cidr)));
  await tx.network.deleteMany({ where: { tenantId, id: { in: removed.map(({ id }) => id) } } });
  for (const { id, cidr, name } of before) {
    const newName = wanted.get(withPrefix(cidr));
    wanted.delete(withPrefix(cidr));
    if (newName && newName !== name)
      await tx.network.update({ where: { tenantId_id: { tenantId, id } }, data: { name: newName } });
  }
  await tx.network.createMany({ data: [...wanted].map(([cidr, name]) => ({ tenantId, cidr, name })) });
  await audit(scope, {
    action: "tenants.set_networks",
    subject: subjectOf(tenant),
    details: { before: before.map(({ name, cidr }) => ({ name, cidr: withPrefix(cidr) })), after: networks },
  });
  const gone = removed.map(({ id }): Entry => ({ kind: "network", id, value: null }));
  const revision = await publish(scope, [...gone, ...(await networkEntries(scope))], {
    summary: "changed networks",
    subject: { kind: "tenant", id: tenantId },
  });
  return { revision };
}

export async function setUplink(platform: Scope, input: z.infer<typeof setUplinkInput>): Promise<{ revision: number }> {
  const { tenantId, gatewayId } = input;
  const { scope } = await enterTenant(platform, tenantId);
  const gateway = await scope.tx.gateway.findUnique({ where: { id: gatewayId } });
  if (!gateway) throw notFound("gateway");
  const data = { interface: input.interface, nextHop: input.nextHop };
  await scope.tx.uplink.upsert({
    where: { tenantId_gatewayId: { tenantId, gatewayId } },
    create: { tenantId, gatewayId, ...data },
    update: data,
  });
  await audit(scope, {
    action: "tenants.set_uplink",
    subject: { kind: "gateway", id: gatewayId, name: gateway.name },
    details: data,
  });
  const revision = await publish(scope, await uplinkEntries(scope, gatewayId), {
    summary: `changed the uplink on ${gateway.name}`,
    subject: { kind: "gateway", id: gatewayId },
  });
  return { revision };
}

export async function inviteToTenant(platform: Scope, { tenantId, ...who }: z.infer<typeof inviteToTenantInput>) {
  const { scope } = await enterTenant(platform, tenantId);
  return invite(scope, who);
}

async function setState(
  platform: Scope,
  tenantId: string,
  state: TenantState,
  { action, summary, reason }: { action: AuditAction; summary: string; reason?: string },
): Promise<{ revision: number }> {
  const { scope, tenant } = await enterTenant(platform, tenantId);
  if (tenant.state === state) throw new AppError("conflict", `${tenant.name} is ${state} already.`);
  await scope.tx.tenant.update({ where: { id: tenantId }, data: { state, suspendedReason: reason ?? null } });
  await audit(scope, { action, subject: subjectOf(tenant), details: { reason } });
  return { revision: await publishTenant(scope, `${summary} ${tenant.name}`) };
}

async function publishTenant(scope: TenantScope, summary: string, further: Entry[] = []): Promise<number> {
  return publish(scope, [await tenantEntry(scope), ...further], {
    summary,
    subject: { kind: "tenant", id: scope.tenantId },
  });
}

function requireOutsideRange(networks: { cidr: string }[]): void {
  const range = parseCidr(env.VPN_RANGE);
  for (const [index, { cidr }] of networks.entries()) {
    if (doOverlap(range, parseCidr(cidr)))
      throw invalid(
        `networks.${index}.cidr`,
        `${cidr} overlaps ${env.VPN_RANGE}, the platform's own range of VPN addresses.`,
      );
  }
}

/** Blocks that were cut before the platform's range was another may lie outside it. */
async function requireOutsideBlocks({ tx, tenantId }: TenantScope, networks: { cidr: string }[]): Promise<void> {
  const blocks = await tx.addressBlock.findMany({ where: { tenantId } });
  for (const [index, { cidr }] of networks.entries()) {
    const block = blocks.find((one) => doOverlap(parseCidr(one.cidr), parseCidr(cidr)));
    if (block)
      throw invalid(
        `networks.${index}.cidr`,
        `${cidr} overlaps ${block.cidr}, from which this tenant's own VPN addresses are.`,
      );
  }
}

/** Those that are reached by a network; one on a tunnel has its address from a block. */
async function requireDevicesInside({ tx, tenantId }: TenantScope, networks: { cidr: string }[]): Promise<void> {
  const cidrs = networks.map(({ cidr }) => parseCidr(cidr));
  const devices = await tx.device.findMany({
    where: { tenantId, attachment: "routed" },
    select: { name: true, address: true },
    orderBy: { name: "asc" },
  });
  const outside = devices.filter(({ address }) => {
    const value = parseAddress(bareAddress(address));
    return !cidrs.some((cidr) => isInside(value, cidr));
  });
  if (outside.length === 0) return;
  const named = outside.slice(0, 3).map(({ name, address }) => `${name} (${bareAddress(address)})`);
  const more = outside.length > named.length ? ` and ${outside.length - named.length} more` : "";
  throw new AppError("conflict", `These devices would be outside every network: ${named.join(", ")}${more}.`, {
    field: "networks",
  });
}

async function requirePlan({ tx }: Scope, planId: string) {
  // A plan that is being changed is waited for, and one that changes later sees this tenant on it.
  await tx.$queryRaw`SELECT 1 FROM plans WHERE id = ${planId}::uuid FOR SHARE`;
  const plan = await tx.plan.findUnique({ where: { id: planId } });
  if (!plan) throw invalid("planId", "This plan is gone. Choose another.");
  if (!plan.isOffered) throw invalid("planId", `${plan.name} is no longer offered. Choose another plan.`);
  return plan;
}

async function requireFittingPlan(scope: TenantScope, planId: string): Promise<void> {
  const { tx, tenantId } = scope;
  const plan = await requirePlan(scope, planId);
  const accounts = await tx.account.count({ where: { tenantId, state: "active" } });
  const devices = await tx.device.count({ where: { tenantId } });
  if (accounts > plan.maxAccounts || devices > plan.maxDevices)
    throw invalid(
      "planId",
      `${plan.name} allows ${plan.maxAccounts} active accounts and ${plan.maxDevices} devices; ${accounts} and ${devices} are in use.`,
    );
}

async function requireRegion({ tx }: Scope, regionId: string): Promise<void> {
  if (!(await tx.region.findUnique({ where: { id: regionId } })))
    throw invalid("homeRegionId", "This region is gone. Choose another.");
}

async function uniqueSlug<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict("slug", "Another tenant has this address. Choose a different one.");
    throw error;
  }
}

const subjectOf = ({ id, name }: Tenant) => ({ kind: "tenant", id, name });
const changeable = ({ name, planId, homeRegionId, secondSession }: Tenant) => ({
  name,
  planId,
  homeRegionId,
  secondSession,
});
