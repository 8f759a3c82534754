"use client";

import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { StaffPermission } from "@/server/core/permissions";
import type { StaffRole } from "@/server/core/prisma/enums";

interface Staff {
  role: StaffRole;
  can: (permission: StaffPermission) => boolean;
  /** For `disabledReason`: why this person may not, or null where they may. */
  whyNot: (permission: StaffPermission) => string | null;
}

/** What the member of staff who looks may do. */
export function useStaff(): Staff {
  const staff = useContext(StaffContext);
  if (!staff) throw new Error("useStaff: this page does not lie in the staff layout");
  return staff;
}

interface StaffProviderProps {
  role: StaffRole;
  permissions: readonly StaffPermission[];
  children: ReactNode;
}

export function StaffProvider({ role, permissions, children }: StaffProviderProps) {
  const value = useMemo<Staff>(() => {
    const can = (permission: StaffPermission) => permissions.includes(permission);
    return {
      role,
      can,
      whyNot: (permission) =>
        can(permission) ? null : `As ${roleNames[role]} you may look but not change this. ${whoMay(permission)}`,
    };
  }, [role, permissions]);
  return <StaffContext value={value}>{children}</StaffContext>;
}

export const roleNames: Record<StaffRole, string> = {
  administrator: "administrator",
  account_manager: "account manager",
  support: "support",
};

function whoMay(permission: StaffPermission): string {
  const [area] = permission.split(":");
  if (area === "gateways" || area === "staff") return "Ask an administrator.";
  if (area === "live") return "Ask support or an administrator.";
  return "Ask an account manager or an administrator.";
}

const StaffContext = createContext<Staff | null>(null);
