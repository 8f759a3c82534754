/** Who a request comes from, as sign-in established it. */
import type { MemberRole, StaffRole } from "../core/prisma/client";

export interface UserPrincipal {
  kind: "user";
  userId: string;
  email: string;
  name: string;
  staffRole: StaffRole | null;
  signInId: string;
  mustChangePassword: boolean;
}

export interface AccountPrincipal {
  kind: "account";
  tenantId: string;
  accountId: string;
  email: string;
  name: string;
  signInId: string;
  mustChangePassword: boolean;
}

export type Principal = UserPrincipal | AccountPrincipal;

/** Where the caller stands in the tenant that it asks about. */
export type Standing = { kind: "member"; role: MemberRole } | { kind: "staff"; role: StaffRole };
