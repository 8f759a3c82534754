import type { Metadata } from "next";
import { GoToSignIn } from "../../_lib/go-to-sign-in";
import { paths } from "../../_lib/paths";
import { findViewer } from "../../_lib/server-api";
import { SignOutLink } from "../../_lib/sign-out-link";
import { AuthShell } from "../../_ui/auth-shell";
import { TextLink } from "../../_ui/text-link";
import { ChangePasswordForm } from "./change-password-form";

export const metadata: Metadata = { title: "Change password" };

export default async function ChangePasswordPage() {
  const viewer = await findViewer();
  if (!viewer) return <GoToSignIn />;
  const isForced = viewer.mustChangePassword;
  return (
    <AuthShell
      title={isForced ? "Choose your own password" : "Change your password"}
      description={
        isForced
          ? `Welcome, ${viewer.name}. The password you were given is temporary: nothing else opens until you replace it.`
          : "Other browsers that are signed in as you are signed out."
      }
      footer={
        isForced ? (
          <SignOutLink>Not you? Sign out</SignOutLink>
        ) : (
          <TextLink href={paths.home}>Back, without changing it</TextLink>
        )
      }
    >
      <ChangePasswordForm email={viewer.email} isForced={isForced} isAccount={viewer.kind === "account"} />
    </AuthShell>
  );
}
