import { TRPCError } from "@trpc/server";
import { Link2Off } from "lucide-react";
import type { Metadata } from "next";
import { paths } from "../../../_lib/paths";
import { serverApi } from "../../../_lib/server-api";
import { AuthShell } from "../../../_ui/auth-shell";
import { EmptyState } from "../../../_ui/empty-state";
import { LinkButton } from "../../../_ui/link-button";
import { SetPasswordForm } from "./set-password-form";

export const metadata: Metadata = { title: "Set your password" };

interface SetPasswordPageProps {
  params: Promise<{ token: string }>;
}

export default async function SetPasswordPage({ params }: SetPasswordPageProps) {
  const { token } = await params;
  const link = await openLink(token);
  if ("problem" in link)
    return (
      <AuthShell title="This link does not open">
        <EmptyState
          icon={<Link2Off aria-hidden />}
          title={link.problem}
          className="px-0 py-4"
          action={<LinkButton href={paths.forgottenPassword}>Send another link</LinkButton>}
        >
          A link works once, and no longer once the password was set in another way. A mail program may also have cut it
          in two: open the whole of it.
        </EmptyState>
      </AuthShell>
    );
  const { email, tenantName } = link;
  return (
    <AuthShell
      title="Set your password"
      description={
        tenantName ? `For ${email}, VPN access to ${tenantName}. The VPN asks for this password too.` : `For ${email}.`
      }
      footer="Whoever is signed in as you, in any browser, is signed out."
    >
      <SetPasswordForm token={token} email={email} />
    </AuthShell>
  );
}

async function openLink(token: string) {
  try {
    return await (await serverApi()).passwordLinks.open({ token });
  } catch (error) {
    if (error instanceof TRPCError && error.code !== "INTERNAL_SERVER_ERROR") return { problem: error.message };
    throw error;
  }
}
