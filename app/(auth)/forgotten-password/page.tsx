import type { Metadata } from "next";
import { paths } from "../../_lib/paths";
import { AuthShell } from "../../_ui/auth-shell";
import { TextLink } from "../../_ui/text-link";
import { ForgottenPasswordForm } from "./forgotten-password-form";

export const metadata: Metadata = { title: "Forgotten password" };

export default function ForgottenPasswordPage() {
  return (
    <AuthShell
      title="Forgotten password"
      description="You get a mail with a link that sets a new one. Until it is used, the password that you have goes on working."
      footer={<TextLink href={paths.signIn}>Back to sign in</TextLink>}
    >
      <ForgottenPasswordForm />
    </AuthShell>
  );
}
