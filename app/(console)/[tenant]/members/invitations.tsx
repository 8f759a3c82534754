"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { Badge } from "../../../_ui/badge";
import { Button } from "../../../_ui/button";
import { Card } from "../../../_ui/card";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { Status } from "../../../_ui/status-dot";
import { TimeAgo } from "../../../_ui/time-ago";
import { toast } from "../../../_ui/toast";
import { useTenant } from "../../_lib/use-tenant";
import { roleLabel } from "./roles";

type Invitation = Api["members"]["invitations"][number];

/** Those that nobody has answered yet. Not there when there are none. */
export function Invitations() {
  const trpc = useTRPC();
  const { tenantId, whyNot } = useTenant();
  const queryClient = useQueryClient();
  const [withdrawing, setWithdrawing] = useState<Invitation>();
  const invitations = useQuery(trpc.members.invitations.queryOptions({ tenantId }));
  const revoke = useMutation(trpc.members.revokeInvitation.mutationOptions());
  const invite = useMutation(trpc.members.invite.mutationOptions());
  const refused = whyNot("members:write");
  const sendAgain = async ({ email, role }: Invitation) => {
    try {
      await invite.mutateAsync({ tenantId, email, role });
      toast.ok(`A new invitation is on its way to ${email}`, "The earlier one no longer works.");
      void queryClient.invalidateQueries();
    } catch (error) {
      toast.error(error);
    }
  };
  if (!invitations.data || invitations.data.length === 0) return null;
  return (
    <Card title="Waiting for an answer" description="An invitation works once, for seven days" padding="none">
      <ul className="divide-y">
        {invitations.data.map((invitation) => (
          <li key={invitation.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
            <span className="min-w-0 flex-1 basis-56">
              <span className="block truncate font-medium text-ink">{invitation.email}</span>
              <span className="text-xs text-faint">
                invited by {invitation.invitedBy} <TimeAgo date={invitation.createdAt} />
              </span>
            </span>
            <Badge>{roleLabel(invitation.role)}</Badge>
            <span className="w-36 text-xs text-muted">
              {invitation.isExpired ? (
                <Status tone="bad">Expired</Status>
              ) : (
                <Status tone="info">
                  <span>
                    Expires <TimeAgo date={invitation.expiresAt} />
                  </span>
                </Status>
              )}
            </span>
            <span className="flex gap-1">
              <Button size="sm" disabledReason={refused} onClick={() => void sendAgain(invitation)}>
                Send again
              </Button>
              <Button
                size="sm"
                variant="danger-ghost"
                disabledReason={refused}
                onClick={() => setWithdrawing(invitation)}
              >
                Withdraw…
              </Button>
            </span>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={withdrawing !== undefined}
        onOpenChange={() => setWithdrawing(undefined)}
        title={`Withdraw the invitation of ${withdrawing?.email}?`}
        description="Its link stops working at once. You can invite them again."
        confirmLabel="Withdraw invitation"
        onConfirm={async () => {
          if (withdrawing) await revoke.mutateAsync({ tenantId, invitationId: withdrawing.id });
          await queryClient.invalidateQueries();
        }}
      />
    </Card>
  );
}
