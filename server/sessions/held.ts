/** Who is blocked now, in whichever tenant: by staff, and by the tenants themselves. */
import type { z } from "zod";
import type { Scope } from "../core/db";
import { like, type Page, skipTake } from "../core/listing";
import { inDirection } from "../core/page";
import { Prisma } from "../core/prisma/client";
import { hasWords } from "../core/search";
import type { listHeldInput } from "./schema";

export interface HeldRow {
  kind: "account" | "device";
  id: string;
  name: string;
  until: Date;
  reason: string;
  tenantId: string;
  tenantName: string;
  slug: string;
}

/** The scope must be staff's. */
export async function listHeld({ tx }: Scope, input: z.infer<typeof listHeldInput>): Promise<Page<HeldRow>> {
  const search = like(input.search);
  const from = Prisma.sql`FROM (
      SELECT 'account' AS kind, tenant_id, id, name, held_until, hold_reason, search FROM accounts WHERE state = 'active' AND held_until > now()
      UNION ALL SELECT 'device', tenant_id, id, name, held_until, hold_reason, search FROM devices WHERE held_until > now()
    ) h JOIN tenants t ON t.id = h.tenant_id
    WHERE (${input.tenantId ?? null}::uuid IS NULL OR t.id = ${input.tenantId ?? null}::uuid)
      AND (${hasWords(Prisma.sql`h`, input.search)} OR h.hold_reason ILIKE ${search} OR ${hasWords(Prisma.sql`t`, input.search)})`;
  const { skip, take } = skipTake(input);
  const rows = await tx.$queryRaw<HeldRow[]>`
    SELECT h.kind, h.id, h.name, h.held_until AS until, h.hold_reason AS reason, t.id AS "tenantId", t.name AS "tenantName", t.slug
    ${from} ORDER BY ${columns[input.sort]} ${inDirection(input.order)}, h.id LIMIT ${take} OFFSET ${skip}`;
  const [count] = await tx.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total ${from}`;
  return { rows, total: count!.total };
}

const columns = {
  until: Prisma.sql`h.held_until`,
  name: Prisma.sql`h.name`,
} satisfies Record<z.infer<typeof listHeldInput>["sort"], Prisma.Sql>;
