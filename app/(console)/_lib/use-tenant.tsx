"use client";

import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { TenantPermission } from "@/server/core/permissions";
import type { TenantState } from "@/server/core/prisma/client";
import { paths } from "../../_lib/paths";

export interface TenantFacts {
  tenantId: string;
  slug: string;
  name: string;
  state: TenantState;
  standing: { kind: "member" | "staff"; role: string };
  permissions: readonly TenantPermission[];
}

export interface Tenant extends Omit<TenantFacts, "permissions"> {
  can: (permission: TenantPermission) => boolean;
  /** For `disabledReason`: why this person may not, or null where they may. */
  whyNot: (permission: TenantPermission) => string | null;
  paths: ReturnType<typeof paths.tenant>;
}

/** The tenant whose pages these are, and what the person who looks may do in it. */
export function useTenant(): Tenant {
  const tenant = useContext(TenantContext);
  if (!tenant) throw new Error("useTenant: this page does not lie in a tenant's layout");
  return tenant;
}

export function TenantProvider({ tenant, children }: { tenant: TenantFacts; children: ReactNode }) {
  const value = useMemo<Tenant>(() => {
    const { permissions, ...facts } = tenant;
    const can = (permission: TenantPermission) => permissions.includes(permission);
    return {
      ...facts,
      can,
      whyNot: (permission) => (can(permission) ? null : reason(facts)),
      paths: paths.tenant(facts.slug),
    };
  }, [tenant]);
  return <TenantContext value={value}>{children}</TenantContext>;
}

function reason({ standing, name }: Omit<TenantFacts, "permissions">): string {
  return standing.kind === "staff"
    ? "Operator staff may look into a tenant but not change this in it."
    : `As ${standing.role} you may look but not change this. Ask an admin of ${name}.`;
}

const TenantContext = createContext<Tenant | null>(null);
