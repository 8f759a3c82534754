/** Seeds act as people do: through the procedures, with their permissions, audit entries and revisions. */
import { createLog } from "../../server/core/log";
import type { StaffRole } from "../../server/core/prisma/client";
import type { Principal } from "../../server/trpc/principal";
import { callerOf } from "../../server/trpc/root";

export type Caller = ReturnType<typeof callerOf>;

export interface StaffMember {
  userId: string;
  email: string;
  name: string;
  staffRole: StaffRole;
}

export const asStaff = (staff: StaffMember): Caller =>
  asPrincipal({ kind: "user", signInId: nobodysSignIn, mustChangePassword: false, ...staff });

export const asMember = (user: { userId: string; email: string; name: string }): Caller =>
  asPrincipal({ kind: "user", signInId: nobodysSignIn, mustChangePassword: false, staffRole: null, ...user });

export const asAccount = (
  account: { tenantId: string; accountId: string; email: string; name: string },
  { mustChangePassword = false } = {},
): Caller => asPrincipal({ kind: "account", signInId: nobodysSignIn, mustChangePassword, ...account });

export const asNobody = (): Caller => asPrincipal(null);

function asPrincipal(principal: Principal | null): Caller {
  return callerOf({ principal, address: "127.0.0.1", userAgent: "seed", log: createLog("seed") });
}

/** Not a sign-in of anybody's: a seed has none. */
const nobodysSignIn = "00000000-0000-0000-0000-000000000000";
