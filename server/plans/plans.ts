/** Plans: what a tenant may use, and for how much. A plan that is no longer offered stays with the tenants that have it. */
import type { z } from "zod";
import { audit } from "../core/audit";
import type { Scope } from "../core/db";
import { AppError, conflict, isUniqueViolation, notFound } from "../core/errors";
import { containing, type Page, skipTake } from "../core/listing";
import type { Plan, Prisma } from "../core/prisma/client";
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
  const plan = await uniqueName(() => scope.tx.plan.create({ data: input }));
  await audit(scope, { action: "plans.create", subject: subjectOf(plan), details: input });
  return plan;
}

/** Tenants that use more than it now allows keep what they have and add nothing. */
export async function updatePlan(scope: Scope, { planId, ...data }: z.infer<typeof updatePlanInput>): Promise<Plan> {
  const before = await getPlan(scope, planId);
  const plan = await uniqueName(() => scope.tx.plan.update({ where: { id: planId }, data }));
  await audit(scope, { action: "plans.update", subject: subjectOf(plan), details: { before, after: plan } });
  return plan;
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
