import type { MemberRole } from "@/server/core/prisma/client";

/** Roles as people read them, the strongest first. */
export const roles: readonly { value: MemberRole; label: string; detail: string }[] = [
  { value: "admin", label: "Admin", detail: "Everything, members too" },
  { value: "manager", label: "Manager", detail: "Accounts, devices, policies and sessions" },
  { value: "viewer", label: "Viewer", detail: "Looks at everything, changes nothing" },
];

export function roleLabel(role: MemberRole): string {
  return roles.find(({ value }) => value === role)!.label;
}
