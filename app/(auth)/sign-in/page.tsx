import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { paths, safeReturnPath } from "../../_lib/paths";
import { findViewer } from "../../_lib/server-api";
import { AuthShell } from "../../_ui/auth-shell";
import { TextLink } from "../../_ui/text-link";
import { SignInForm } from "./sign-in-form";

export const metadata: Metadata = { title: "Sign in" };

interface SignInPageProps {
  searchParams: Promise<{ returnTo?: string | string[] }>;
}

export default async function SignInPage({ searchParams }: SignInPageProps) {
  const returnTo = safeReturnPath((await searchParams).returnTo);
  const viewer = await findViewer();
  if (viewer) redirect(viewer.mustChangePassword ? paths.changePassword : returnTo);
  return (
    <AuthShell
      title="Sign in"
      description="One address for everyone: staff, members of an organisation, and people with a VPN account."
      footer={
        <>
          <TextLink href={paths.forgottenPassword}>Forgotten password?</TextLink> No access yet: ask an admin of your
          organisation.
        </>
      }
    >
      <SignInForm returnTo={returnTo} />
    </AuthShell>
  );
}
