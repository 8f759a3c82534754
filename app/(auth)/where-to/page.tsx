import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { GoToSignIn } from "../../_lib/go-to-sign-in";
import { safeReturnPath } from "../../_lib/paths";
import { findViewer, serverApi } from "../../_lib/server-api";
import { SignOutLink } from "../../_lib/sign-out-link";
import { AuthShell } from "../../_ui/auth-shell";
import { DoorList } from "./door-list";

export const metadata: Metadata = { title: "Where to?" };

interface DoorsPageProps {
  searchParams: Promise<{ returnTo?: string | string[] }>;
}

/** Asked of whoever fits several doors, after signing in and whenever they switch; all others pass by without seeing it. */
export default async function DoorsPage({ searchParams }: DoorsPageProps) {
  const returnTo = safeReturnPath((await searchParams).returnTo);
  const viewer = await findViewer();
  if (!viewer) return <GoToSignIn />;
  const doors = viewer.hasOtherDoors ? await (await serverApi()).signIn.doors() : [];
  if (doors.length < 2) redirect(returnTo);
  return (
    <AuthShell
      title="Where to?"
      description={`${viewer.email} has more than one access here. You can switch at any time.`}
      footer={<SignOutLink>Sign out</SignOutLink>}
    >
      <DoorList doors={doors} returnTo={returnTo} />
    </AuthShell>
  );
}
