import { TRPCError } from "@trpc/server";
import { MailX } from "lucide-react";
import type { Metadata } from "next";
import { paths } from "../../../_lib/paths";
import { findViewer, serverApi } from "../../../_lib/server-api";
import { SignOutLink } from "../../../_lib/sign-out-link";
import { AuthShell } from "../../../_ui/auth-shell";
import { Callout } from "../../../_ui/callout";
import { EmptyState } from "../../../_ui/empty-state";
import { LinkButton } from "../../../_ui/link-button";
import { InvitationForm } from "./invitation-form";

export const metadata: Metadata = { title: "Invitation" };

interface InvitationPageProps {
  params: Promise<{ token: string }>;
}

export default async function InvitationPage({ params }: InvitationPageProps) {
  const { token } = await params;
  const invitation = await openInvitation(token);
  if ("problem" in invitation)
    return (
      <AuthShell title="This invitation does not open">
        <EmptyState
          icon={<MailX aria-hidden />}
          title={invitation.problem}
          className="px-0 py-4"
          action={<LinkButton href={paths.signIn}>Sign in instead</LinkButton>}
        >
          {invitation.isUnknown
            ? "The link may have been cut in two by a mail program: open the whole of it. If that does not help, ask whoever invited you for a new one."
            : "An invitation works once, for seven days, and only the newest of several. If you have accepted it, sign in with the password that you set."}
        </EmptyState>
      </AuthShell>
    );
  const { tenantName, email, role, hasUser } = invitation;
  const viewer = await findViewer();
  const isSomebodyElse = viewer !== null && viewer.email.toLowerCase() !== email.toLowerCase();
  return (
    <AuthShell
      title={`Join ${tenantName}`}
      description={`You are invited as ${roles[role]}.`}
      footer={`For ${email}. Not you? Leave this page: the invitation is not passed on.`}
    >
      {isSomebodyElse && (
        <Callout tone="warn" className="mb-4" action={<SignOutLink>Sign out</SignOutLink>}>
          You are signed in as {viewer.email}. Accepting signs you in as {email}.
        </Callout>
      )}
      <InvitationForm token={token} email={email} hasUser={hasUser} />
    </AuthShell>
  );
}

async function openInvitation(token: string) {
  try {
    return await (await serverApi()).invitations.open({ token });
  } catch (error) {
    if (error instanceof TRPCError && error.code !== "INTERNAL_SERVER_ERROR")
      return { problem: error.message, isUnknown: error.code === "NOT_FOUND" };
    throw error;
  }
}

const roles = {
  admin: "an admin: you may change everything in this organisation, its members too",
  manager: "a manager: you may change accounts, devices and policies",
  viewer: "a viewer: you may look at everything and change nothing",
};
