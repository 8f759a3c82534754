import { Cable, FileKey, Waypoints } from "lucide-react";
import type { Metadata } from "next";
import { notFound, redirect } from "next/navigation";
import type { ReactNode } from "react";
import { GoToSignIn } from "../../_lib/go-to-sign-in";
import { paths } from "../../_lib/paths";
import { findViewer } from "../../_lib/server-api";
import { TopShell } from "../../_ui/top-shell";
import { PortalUserMenu } from "./portal-user-menu";

export const metadata: Metadata = { title: { default: "My VPN", template: "%s · My VPN" } };

/** A person's own page about their VPN account. Members and staff have none: theirs is the console. */
export default async function PortalLayout({ children }: { children: ReactNode }) {
  const viewer = await findViewer();
  if (!viewer) return <GoToSignIn />;
  if (viewer.mustChangePassword) redirect(paths.changePassword);
  if (viewer.kind !== "account") notFound();
  return (
    <TopShell
      homeHref={paths.portal.home}
      nav={[
        { label: "Profile", href: paths.portal.home, exact: true, icon: <FileKey aria-hidden /> },
        { label: "What I can reach", href: paths.portal.reach, icon: <Waypoints aria-hidden /> },
        { label: "Sessions", href: paths.portal.sessions, icon: <Cable aria-hidden /> },
      ]}
      user={<PortalUserMenu name={viewer.name} detail={viewer.tenantName} hasOtherDoors={viewer.hasOtherDoors} />}
    >
      {children}
    </TopShell>
  );
}
