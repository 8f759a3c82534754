/** Who a request comes from, as sign-in established it. */
import type { MemberRole, StaffRole } from "../core/prisma/client";

/** What a browser's cookie says of one door that its sign-in opened; everything else is looked up. */
export type Claims =
  | { kind: "user"; userId: string; signInId: string }
  | { kind: "account"; tenantId: string; accountId: string; signInId: string };

interface AnyPrincipal {
  email: string;
  name: string;
  signInId: string;
  mustChangePassword: boolean;
  /** Where one password opens several doors: all of them, the present one too. */
  doors?: Claims[];
}

export interface UserPrincipal extends AnyPrincipal {
  kind: "user";
  userId: string;
  staffRole: StaffRole | null;
}

export interface AccountPrincipal extends AnyPrincipal {
  kind: "account";
  tenantId: string;
  accountId: string;
}

export type Principal = UserPrincipal | AccountPrincipal;

/** Where the caller stands in the tenant that it asks about. */
export type Standing = { kind: "member"; role: MemberRole } | { kind: "staff"; role: StaffRole };
