/** Regions: the data centres that gateways stand in. */
import type { z } from "zod";
import { audit } from "../core/audit";
import type { Scope } from "../core/db";
import { conflict, isUniqueViolation } from "../core/errors";
import type { createRegionInput } from "./schema";

export interface RegionRow {
  id: string;
  code: string;
  name: string;
  gateways: number;
}

export async function listRegions({ tx }: Scope): Promise<RegionRow[]> {
  const regions = await tx.region.findMany({
    include: { _count: { select: { gateways: true } } },
    orderBy: { name: "asc" },
  });
  return regions.map(({ id, code, name, _count }) => ({ id, code, name, gateways: _count.gateways }));
}

export async function createRegion(scope: Scope, input: z.infer<typeof createRegionInput>): Promise<RegionRow> {
  try {
    const region = await scope.tx.region.create({ data: input });
    await audit(scope, {
      action: "regions.create",
      subject: { kind: "region", id: region.id, name: region.name },
      details: { code: region.code },
    });
    return { ...region, gateways: 0 };
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict("code", "Another region has this code. Choose a different one.");
    throw error;
  }
}
