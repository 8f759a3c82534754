/** Who may do what, in one table. What is not listed is denied. */
import type { MemberRole, StaffRole } from "./prisma/client";

export const tenantPermissions = [
  "overview:read",
  "accounts:read",
  "accounts:write",
  "devices:read",
  "devices:write",
  "holds:write",
  "policies:read",
  "policies:write",
  "grants:read",
  "grants:write",
  "sessions:read",
  "sessions:write",
  "members:read",
  "members:write",
  "audit:read",
  "settings:read",
  "settings:write",
] as const;
export type TenantPermission = (typeof tenantPermissions)[number];

export const staffPermissions = [
  "tenants:read",
  "tenants:write",
  "plans:read",
  "plans:write",
  "gateways:read",
  "gateways:write",
  "live:read",
  "live:write",
  "outbox:read",
  "staff:read",
  "staff:write",
] as const;
export type StaffPermission = (typeof staffPermissions)[number];

const everyTenantRead = tenantPermissions.filter((permission) => permission.endsWith(":read"));

const memberTable: Record<MemberRole, readonly TenantPermission[]> = {
  admin: tenantPermissions,
  manager: [
    ...everyTenantRead,
    "accounts:write",
    "devices:write",
    "holds:write",
    "policies:write",
    "grants:write",
    "sessions:write",
  ],
  viewer: everyTenantRead,
};

const staffTable: Record<StaffRole, readonly StaffPermission[]> = {
  administrator: staffPermissions,
  account_manager: [
    "tenants:read",
    "tenants:write",
    "plans:read",
    "plans:write",
    "gateways:read",
    "live:read",
    "outbox:read",
    "staff:read",
  ],
  support: ["tenants:read", "plans:read", "gateways:read", "live:read", "live:write", "outbox:read", "staff:read"],
};

/** What staff may do inside a tenant that they are no member of: look, and whoever answers calls may block. */
const staffInTenantTable: Record<StaffRole, readonly TenantPermission[]> = {
  administrator: [...everyTenantRead, "holds:write"],
  account_manager: everyTenantRead,
  support: [...everyTenantRead, "holds:write"],
};

export function canMember(role: MemberRole, permission: TenantPermission): boolean {
  return memberTable[role].includes(permission);
}

export function canStaff(role: StaffRole, permission: StaffPermission): boolean {
  return staffTable[role].includes(permission);
}

export function canStaffInTenant(role: StaffRole, permission: TenantPermission): boolean {
  return staffInTenantTable[role].includes(permission);
}

/** For screens: everything that a role may do, so that a button can say why it is disabled. */
export const permissionsOf = {
  member: (role: MemberRole): TenantPermission[] => [...memberTable[role]],
  staff: (role: StaffRole): StaffPermission[] => [...staffTable[role]],
  staffInTenant: (role: StaffRole): TenantPermission[] => [...staffInTenantTable[role]],
};
