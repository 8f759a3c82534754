"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { revokeAccountInput } from "@/server/accounts/schema";
import { ChangeReceipt } from "../../../_lib/change-receipt";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Dialog } from "../../../_ui/dialog";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { useTenant } from "../../_lib/use-tenant";

interface RevokeAccountProps {
  account: { id: string; name: string };
  onClose: () => void;
}

/** Stays open until whoever pressed it has seen every gateway enforce it. */
export function RevokeAccount({ account, onClose }: RevokeAccountProps) {
  const { tenantId } = useTenant();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [revision, setRevision] = useState<number>();
  const revoke = useMutation(trpc.accounts.revoke.mutationOptions());
  const form = useForm({ schema: revokeAccountInput, defaultValues: { accountId: account.id, reason: "" } });
  return (
    <Dialog
      role="alertdialog"
      open
      onOpenChange={onClose}
      title={revision ? `${account.name}’s access` : `Revoke ${account.name}’s access?`}
      description={
        revision
          ? "Each gateway refuses the account, drops its packets, and ends its session."
          : "Their session is cut, their packets are dropped and they cannot come back, on every gateway. You can restore the access later."
      }
      footer={revision && <Button onClick={onClose}>Close</Button>}
    >
      {revision ? (
        <ChangeReceipt
          tenantId={tenantId}
          revision={revision}
          words={{ pending: "Revoking access", done: "Access revoked", failed: "Access not revoked everywhere" }}
          onSettled={() => void queryClient.invalidateQueries()}
        />
      ) : (
        <Form
          form={form}
          onSubmit={async (values) => {
            const result = await revoke.mutateAsync({ tenantId, ...values });
            setRevision(result.revision);
            void queryClient.invalidateQueries();
          }}
        >
          <Field
            name="reason"
            label="Reason"
            hint="They read it in the portal, and their VPN client shows it at the next attempt."
          >
            <Input autoFocus autoComplete="off" placeholder="Contract ended on 30 November" />
          </Field>
          <FormError />
          <FormActions>
            <SubmitButton variant="danger">Revoke access</SubmitButton>
            <Button onClick={onClose}>Cancel</Button>
          </FormActions>
        </Form>
      )}
    </Dialog>
  );
}
