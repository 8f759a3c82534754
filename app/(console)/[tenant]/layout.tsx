import { Eye } from "lucide-react";
import type { Metadata } from "next";
import { notFound, redirect } from "next/navigation";
import type { ReactNode } from "react";
import { FindAnything } from "../../_find/find-anything";
import { GoToSignIn } from "../../_lib/go-to-sign-in";
import { paths } from "../../_lib/paths";
import { findTenant, findViewer } from "../../_lib/server-api";
import { AppShell } from "../../_ui/app-shell";
import { ContextSwitcher } from "../../_ui/context-switcher";
import { TextLink } from "../../_ui/text-link";
import { ConsoleUserMenu } from "../_lib/console-user-menu";
import { TenantProvider } from "../_lib/use-tenant";
import { TenantCommands } from "./_components/tenant-commands";
import { tenantNav } from "./nav";

interface TenantLayoutProps {
  params: Promise<{ tenant: string }>;
  children: ReactNode;
}

export async function generateMetadata({ params }: TenantLayoutProps): Promise<Metadata> {
  const tenant = await findTenant((await params).tenant);
  return tenant ? { title: { default: tenant.name, template: `%s · ${tenant.name} · Drawbridge` } } : {};
}

/** Whoever has no place in a tenant is told what they would be told of one that does not exist. */
export default async function TenantLayout({ params, children }: TenantLayoutProps) {
  const viewer = await findViewer();
  if (!viewer) return <GoToSignIn />;
  if (viewer.mustChangePassword) redirect(paths.changePassword);
  const tenant = await findTenant((await params).tenant);
  if (viewer.kind !== "user" || !tenant) notFound();
  const { id, slug, name, state, suspendedReason, standing, permissions } = tenant;
  const isStaffLooking = standing.kind === "staff";
  const others = viewer.tenants.map((other) => ({
    label: other.name,
    detail: other.role,
    href: paths.tenant(other.slug).overview,
    current: other.slug === slug,
  }));
  const here = { label: name, detail: isStaffLooking ? "looking in as staff" : standing.role };
  return (
    <TenantProvider tenant={{ tenantId: id, slug, name, state, standing, permissions }}>
      <FindAnything tenantId={id} />
      <TenantCommands />
      <AppShell
        homeHref={paths.tenant(slug).overview}
        context={
          <ContextSwitcher
            label="Tenant"
            current={here}
            items={isStaffLooking ? [{ ...here, href: paths.tenant(slug).overview, current: true }, ...others] : others}
          />
        }
        nav={tenantNav(slug)}
        user={<ConsoleUserMenu {...viewer} isStaff={viewer.staffRole !== null} />}
        banner={
          <>
            {isStaffLooking && (
              <Banner>
                You are viewing {name} as operator staff.{" "}
                <TextLink href={paths.staff.tenant(id)}>Manage this tenant</TextLink>
              </Banner>
            )}
            {state === "suspended" && (
              <Banner tone="warn">
                {name} is suspended{suspendedReason && ` (“${suspendedReason}”)`}: nobody can connect until the operator
                resumes it. Everything you set up is kept.
              </Banner>
            )}
          </>
        }
      >
        {children}
      </AppShell>
    </TenantProvider>
  );
}

function Banner({ tone = "info", children }: { tone?: "info" | "warn"; children: ReactNode }) {
  return (
    <div
      role="status"
      className={`flex items-center gap-2 border-b px-4 py-2 text-sm text-ink sm:px-6 lg:px-8 ${tone === "warn" ? "bg-warn-soft" : "bg-info-soft"}`}
    >
      <Eye aria-hidden className="size-4 shrink-0 text-muted" />
      <p>{children}</p>
    </div>
  );
}
