import type { Metadata } from "next";
import { notFound, redirect } from "next/navigation";
import type { ReactNode } from "react";
import { FindAnything } from "../../_find/find-anything";
import { GoToSignIn } from "../../_lib/go-to-sign-in";
import { paths } from "../../_lib/paths";
import { findViewer } from "../../_lib/server-api";
import { AppShell } from "../../_ui/app-shell";
import { ConsoleUserMenu } from "../../(console)/_lib/console-user-menu";
import { StaffProvider } from "./_lib/use-staff";
import { staffNav } from "./nav";

export const metadata: Metadata = { title: { default: "Staff", template: "%s · Staff · Drawbridge" } };

/** The operator's own side, across tenants. Whoever is not staff is told what they would be told of no page at all. */
export default async function StaffLayout({ children }: { children: ReactNode }) {
  const viewer = await findViewer();
  if (!viewer) return <GoToSignIn />;
  if (viewer.mustChangePassword) redirect(paths.changePassword);
  if (viewer.kind !== "user" || !viewer.staffRole) notFound();
  return (
    <StaffProvider role={viewer.staffRole} permissions={viewer.staffPermissions}>
      <FindAnything />
      <AppShell
        homeHref={paths.staff.home}
        area="Staff"
        nav={staffNav}
        user={<ConsoleUserMenu {...viewer} isStaff={false} />}
      >
        {children}
      </AppShell>
    </StaffProvider>
  );
}
