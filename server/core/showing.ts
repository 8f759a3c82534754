/** Filters of accounts and devices by how they stand now; what a list shows is all for which one of those chosen holds. */
import { Prisma } from "./prisma/client";
import type { Standing } from "./show-filter";

/** Days. */
const soon = 30;

const tables = {
  account: { row: Prisma.sql`a`, holder: Prisma.sql`account_id`, ownTunnel: Prisma.sql`true` },
  // What is behind a gateway has no session and no certificate of its own, and lacks neither.
  device: { row: Prisma.sql`d`, holder: Prisma.sql`device_id`, ownTunnel: Prisma.sql`d.attachment = 'openvpn'` },
};

/** A condition in SQL on `a`, an account, or on `d`, a device: one of those chosen holds for it. */
export function showing(kind: keyof typeof tables, chosen: readonly Standing[]): Prisma.Sql {
  const { row, holder, ownTunnel } = tables[kind];
  const sessions = Prisma.sql`SELECT FROM sessions s WHERE s.tenant_id = ${row}.tenant_id AND s.${holder} = ${row}.id`;
  const working = Prisma.sql`SELECT FROM certificates c WHERE c.tenant_id = ${row}.tenant_id AND c.${holder} = ${row}.id
    AND c.revoked_at IS NULL AND c.not_after > now()`;
  const conditions = {
    online: Prisma.sql`${ownTunnel} AND EXISTS (${sessions} AND s.disconnected_at IS NULL)`,
    "never-connected": Prisma.sql`${ownTunnel} AND NOT EXISTS (${sessions})`,
    "no-profile": Prisma.sql`${ownTunnel} AND NOT EXISTS (${working})`,
    // The last of them: who has renewed in time is not called.
    "ends-soon": Prisma.sql`${ownTunnel} AND EXISTS (${working})
      AND NOT EXISTS (${working} AND c.not_after > now() + make_interval(days => ${soon}))`,
    blocked: Prisma.sql`${row}.held_until > now()`,
  } satisfies Record<Standing, Prisma.Sql>;
  return Prisma.sql`(${Prisma.join(
    chosen.map((one) => conditions[one]),
    " OR ",
  )})`;
}
