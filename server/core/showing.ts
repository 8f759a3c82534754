/** Filters of accounts and devices by how they stand now; what a list shows is all for which one of those chosen holds. */
import { z } from "zod";
import { filterOf } from "./listing";

const standings = ["online", "never-connected", "no-profile", "ends-soon", "blocked"] as const;
type Standing = (typeof standings)[number];

export const showFilter = filterOf(z.enum(standings));

const soonMs = 30 * 24 * 3600_000;

/** Conditions for Prisma that an account has as a device has, one for each that was chosen. */
export function showing(tenantId: string, chosen: readonly Standing[], now = new Date()) {
  const working = { tenantId, revokedAt: null };
  const soon = new Date(now.getTime() + soonMs);
  const conditions = {
    online: { sessions: { some: { tenantId, disconnectedAt: null } } },
    "never-connected": { sessions: { none: { tenantId } } },
    "no-profile": { certificates: { none: { ...working, notAfter: { gt: now } } } },
    // The last of them: who has renewed in time is not called.
    "ends-soon": {
      certificates: {
        some: { ...working, notAfter: { gt: now, lte: soon } },
        none: { ...working, notAfter: { gt: soon } },
      },
    },
    blocked: { heldUntil: { gt: now } },
  } satisfies Record<Standing, object>;
  return chosen.map((one) => conditions[one]);
}
