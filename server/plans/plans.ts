/** Plans: what a tenant may use, and for how much. A plan that is no longer offered stays with the tenants that have it. */
import type { z } from "zod";
import { entriesUnderPlan } from "../accounts/accounts";
import { audit } from "../core/audit";
import type { Scope } from "../core/db";
import { AppError, conflict, isUniqueViolation, notFound } from "../core/errors";
import { containing, type Page, skipTake } from "../core/listing";
import type { Plan, Prisma } from "../core/prisma/client";
import { publish } from "../revisions/revisions";
import { enterTenant } from "../tenants/tenants";
import type { createPlanInput, listPlansInput, updatePlanInput } from "./schema";

export interface PlanRow extends Plan {
  /** How many tenants have it. */
  tenants: number;
}

export async function listPlans({ tx }: Scope, input: z.infer<typeof listPlansInput>): Promise<Page<PlanRow>> {
  const where: Prisma.PlanWhereInput = {
    ...(input.isOffered.length > 0 ? { OR: input.isOffered.map((isOffered) => ({ isOffered })) } : {}),
    ...(input.search ? { name: containing(input.search) } : {}),
  };
  const plans = await tx.plan.findMany({
    where,
    include: { _count: { select: { tenants: { where: { state: { not: "deleted" } } } } } },
    orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
    ...skipTake(input),
  });
  const total = await tx.plan.count({ where });
  return { rows: plans.map(({ _count, ...plan }) => ({ ...plan, tenants: _count.tenants })), total };
}

export async function createPlan(scope: Scope, input: z.infer<typeof createPlanInput>): Promise<Plan> {
  const plan = await uniqueName(() => scope.tx.plan.create({ data: columnsOf(input) }));
  await audit(scope, { action: "plans.create", subject: subjectOf(plan), details: input });
  return plan;
}

/**
 * Tenants that use more than it now allows keep what they have and add nothing. A new ceiling is published to all of them
 * in this transaction, so that none is left with the former one.
 */
export async function updatePlan(scope: Scope, { planId, ...input }: z.infer<typeof updatePlanInput>): Promise<Plan> {
  const before = await getPlan(scope, planId);
  const plan = await uniqueName(() => scope.tx.plan.update({ where: { id: planId }, data: columnsOf(input) }));
  await audit(scope, { action: "plans.update", subject: subjectOf(plan), details: { before, after: plan } });
  if (before.maxDown !== plan.maxDown || before.maxUp !== plan.maxUp) await publishCeiling(scope, plan);
  return plan;
}

/** In the order of their ids: two plans that change at once have no tenant in common, and so never wait crosswise. */
async function publishCeiling(platform: Scope, plan: Plan): Promise<void> {
  const tenants = await platform.tx.tenant.findMany({
    where: { planId: plan.id, state: { not: "deleted" } },
    select: { id: true },
    orderBy: { id: "asc" },
  });
  for (const { id } of tenants) {
    const { scope } = await enterTenant(platform, id);
    const entries = await entriesUnderPlan(scope);
    if (entries.length === 0) continue;
    const summary = `changed the speed limit of plan ${plan.name}`;
    await publish(scope, entries, { summary, subject: { kind: "tenant", id } });
  }
}

function columnsOf({ ceiling, ...data }: z.infer<typeof createPlanInput>) {
  return { ...data, ...(ceiling === undefined ? {} : { maxDown: ceiling?.down ?? null, maxUp: ceiling?.up ?? null }) };
}

export async function withdrawPlan(scope: Scope, planId: string): Promise<Plan> {
  const before = await getPlan(scope, planId);
  if (!before.isOffered) throw new AppError("conflict", `${before.name} is withdrawn already.`);
  const plan = await scope.tx.plan.update({ where: { id: planId }, data: { isOffered: false } });
  await audit(scope, { action: "plans.withdraw", subject: subjectOf(plan) });
  return plan;
}

async function getPlan({ tx }: Scope, id: string): Promise<Plan> {
  const plan = await tx.plan.findUnique({ where: { id } });
  if (!plan) throw notFound("plan");
  return plan;
}

async function uniqueName<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict("name", "Another plan has this name. Choose a different one.");
    throw error;
  }
}

const subjectOf = ({ id, name }: Plan) => ({ kind: "plan", id, name });
