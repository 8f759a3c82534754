/** Plans: what a tenant may use, and for how much. A plan that is no longer offered stays with the tenants that have it. */
import type { z } from "zod";
import type { RateLimit } from "@/gateway/protocol/document";
import { ceilingOf } from "../accounts/accounts";
import { audit } from "../core/audit";
import type { Scope, Tx } from "../core/db";
import { AppError, conflict, isUniqueViolation, notFound } from "../core/errors";
import { type Page, skipTake } from "../core/listing";
import type { Plan, Prisma } from "../core/prisma/client";
import { enqueue } from "../core/queue";
import { searchWords } from "../core/search";
import { plansPublish } from "./jobs";
import type { createPlanInput, listPlansInput, updatePlanInput } from "./schema";

export interface PlanRow extends Plan {
  /** In kbit/s; null where there is none. */
  ceiling: RateLimit | null;
  /** How many tenants have it, and how many of them have yet to be given its ceiling. */
  tenants: number;
  behind: number;
}

export async function listPlans({ tx }: Scope, input: z.infer<typeof listPlansInput>): Promise<Page<PlanRow>> {
  const where: Prisma.PlanWhereInput = {
    ...(input.isOffered.length > 0 ? { OR: input.isOffered.map((isOffered) => ({ isOffered })) } : {}),
    AND: await searchWords({ tx }, input.search),
  };
  const plans = await tx.plan.findMany({
    where,
    include: { _count: { select: { tenants: { where: { state: { not: "deleted" } } } } } },
    orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
    ...skipTake(input),
  });
  const total = await tx.plan.count({ where });
  const behind = await countBehind(tx);
  const rows = plans.map(({ _count, ...plan }) => ({
    ...plan,
    ceiling: ceilingOf(plan),
    tenants: _count.tenants,
    behind: behind.get(plan.id) ?? 0,
  }));
  return { rows, total };
}

/** By plan; those with none are left out. */
async function countBehind(tx: Tx): Promise<Map<string, number>> {
  const counts = await tx.$queryRaw<{ id: string; behind: number }[]>`
    SELECT p.id, count(*)::int AS behind FROM tenants t JOIN plans p ON p.id = t.plan_id
    WHERE t.state <> 'deleted' AND (t.ceiling_down, t.ceiling_up) IS DISTINCT FROM (p.max_down, p.max_up) GROUP BY p.id`;
  return new Map(counts.map(({ id, behind }) => [id, behind]));
}

export async function createPlan(scope: Scope, input: z.infer<typeof createPlanInput>): Promise<Plan> {
  const plan = await uniqueName(() => scope.tx.plan.create({ data: columnsOf(input) }));
  await audit(scope, { action: "plans.create", subject: subjectOf(plan), details: input });
  return plan;
}

/**
 * Tenants that use more than it now allows keep what they have and add nothing. A new ceiling is given to them one by one
 * after commit: see ceilings.ts.
 */
export async function updatePlan(scope: Scope, { planId, ...input }: z.infer<typeof updatePlanInput>): Promise<Plan> {
  const before = await getPlan(scope, planId);
  const plan = await uniqueName(() => scope.tx.plan.update({ where: { id: planId }, data: columnsOf(input) }));
  await audit(scope, { action: "plans.update", subject: subjectOf(plan), details: { before, after: plan } });
  if (before.maxDown !== plan.maxDown || before.maxUp !== plan.maxUp)
    scope.afterCommit(() => enqueue(plansPublish, {}));
  return plan;
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
