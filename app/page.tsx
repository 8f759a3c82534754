import { Building2 } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { plural } from "./_lib/format";
import { paths } from "./_lib/paths";
import { findViewer } from "./_lib/server-api";
import { SignOutLink } from "./_lib/sign-out-link";
import { AuthShell } from "./_ui/auth-shell";
import { EmptyState } from "./_ui/empty-state";

export const metadata: Metadata = { title: "Choose an organisation" };

/** Everyone lands where they belong; only those who belong to several places, or to none any more, see a page. */
export default async function HomePage() {
  const viewer = await findViewer();
  if (!viewer) redirect(paths.signIn);
  if (viewer.mustChangePassword) redirect(paths.changePassword);
  if (viewer.kind === "account") redirect(paths.portal.home);
  if (viewer.staffRole) redirect(paths.staff.tenants);
  const [first, ...others] = viewer.tenants;
  if (first && others.length === 0) redirect(paths.tenant(first.slug).overview);
  if (!first)
    return (
      <AuthShell title="No organisation" footer={<SignOutLink>Sign out</SignOutLink>}>
        <EmptyState icon={<Building2 aria-hidden />} title="You are a member of none" className="px-0 py-4">
          You were taken off the last one. Ask its admin to invite {viewer.email} again.
        </EmptyState>
      </AuthShell>
    );
  return (
    <AuthShell
      title="Choose an organisation"
      description={`${viewer.name}, you are a member of ${plural(viewer.tenants.length, "organisation")}.`}
      footer={<SignOutLink>Sign out</SignOutLink>}
    >
      <ul className="-mx-2 flex flex-col gap-1">
        {viewer.tenants.map((tenant) => (
          <li key={tenant.id}>
            <Link
              href={paths.tenant(tenant.slug).overview}
              className="flex items-center gap-3 rounded-md px-2 py-2 hover:bg-hover"
            >
              <span
                aria-hidden
                className="flex size-8 items-center justify-center rounded-md bg-brand-soft font-semibold text-brand-text"
              >
                {tenant.name.charAt(0).toUpperCase()}
              </span>
              <span className="min-w-0">
                <span className="block truncate font-medium text-ink">{tenant.name}</span>
                <span className="block text-xs text-faint">{tenant.role}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </AuthShell>
  );
}
