"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, LockOpen, ShieldPlus, Unplug, UserRoundX } from "lucide-react";
import { useState } from "react";
import { z } from "zod";
import { reasonField } from "@/server/core/text";
import type { Api } from "../../../_lib/api-types";
import { durations } from "../../../_lib/durations";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Combobox } from "../../../_ui/combobox";
import { Field } from "../../../_ui/field";
import { Input } from "../../../_ui/input";
import { Select } from "../../../_ui/select";
import { useTenant } from "../../_lib/use-tenant";
import { BulkDialog } from "../_components/bulk-dialog";
import { usePolicyOptions } from "../_components/use-policy-options";

type Account = Api["accounts"]["list"]["rows"][number];
type Action = "disconnect" | "block" | "unblock" | "revoke" | "policy";

/** What can be done to several accounts at once, from the weakest to the strongest. */
export function AccountsBulk({ accounts, onDone }: { accounts: readonly Account[]; onDone: () => void }) {
  const { whyNot } = useTenant();
  const [acting, setActing] = useState<{ action: Action; accounts: readonly Account[] }>();
  const online = accounts.filter(({ isOnline }) => isOnline);
  const blocked = accounts.filter(({ hold }) => hold !== null);
  const refused = whyNot("accounts:write");
  return (
    <>
      <Button
        size="sm"
        icon={<ShieldPlus aria-hidden />}
        disabledReason={refused}
        onClick={() => setActing({ action: "policy", accounts })}
      >
        Add to a policy…
      </Button>
      <Button
        size="sm"
        icon={<Unplug aria-hidden />}
        disabledReason={whyNot("sessions:write") ?? (online.length === 0 && "None of them is connected")}
        onClick={() => setActing({ action: "disconnect", accounts: online })}
      >
        Disconnect…
      </Button>
      <Button
        size="sm"
        icon={<Ban aria-hidden />}
        disabledReason={whyNot("holds:write")}
        onClick={() => setActing({ action: "block", accounts })}
      >
        Block for a while…
      </Button>
      {blocked.length > 0 && (
        <Button
          size="sm"
          icon={<LockOpen aria-hidden />}
          disabledReason={whyNot("holds:write")}
          onClick={() => setActing({ action: "unblock", accounts: blocked })}
        >
          Unblock…
        </Button>
      )}
      <Button
        size="sm"
        variant="danger"
        icon={<UserRoundX aria-hidden />}
        disabledReason={refused}
        onClick={() => setActing({ action: "revoke", accounts })}
      >
        Revoke access…
      </Button>
      {acting && (
        <BulkAction
          {...acting}
          onClose={() => {
            setActing(undefined);
            onDone();
          }}
        />
      )}
    </>
  );
}

interface BulkActionProps {
  action: Action;
  accounts: readonly Account[];
  onClose: () => void;
}

function BulkAction({ action, accounts, onClose }: BulkActionProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { tenantId } = useTenant();
  const policies = usePolicyOptions();
  const disconnect = useMutation(trpc.sessions.disconnect.mutationOptions());
  const hold = useMutation(trpc.accounts.hold.mutationOptions());
  const letIn = useMutation(trpc.accounts.letIn.mutationOptions());
  const revoke = useMutation(trpc.accounts.revoke.mutationOptions());
  const update = useMutation(trpc.accounts.update.mutationOptions());
  const of = plural(accounts.length, "account");
  const shared = { subjects: accounts, onClose };
  const reason = (
    <Field name="reason" label="Reason" hint="Each of them reads it, and it is kept in the audit log.">
      <Input autoComplete="off" />
    </Field>
  );
  switch (action) {
    case "disconnect":
      return (
        <BulkDialog
          {...shared}
          title={`Disconnect ${of}?`}
          description="Their sessions are cut now, and they may connect again at once."
          submitLabel="Disconnect"
          schema={reasonForm}
          defaultValues={{ reason: "" }}
          fields={reason}
          words={{ pending: "Disconnecting", done: `${of} disconnected`, failed: "Not all are disconnected" }}
          onApply={async (id, values) => {
            const session = accounts.find((account) => account.id === id)?.lastSession;
            if (session) await disconnect.mutateAsync({ tenantId, sessionId: session.id, ...values });
            return {};
          }}
        />
      );
    case "block":
      return (
        <BulkDialog
          {...shared}
          title={`Block ${of} for a while?`}
          description="Their sessions are cut, and no gateway lets them in until the time is over. You can unblock them before."
          submitLabel="Block"
          schema={blockForm}
          defaultValues={{ minutes: "60", reason: "" }}
          fields={
            <>
              <Field name="minutes" label="For how long">
                <Select options={durations} />
              </Field>
              {reason}
            </>
          }
          words={{ pending: "Blocking", done: `${of} blocked`, failed: "Not blocked everywhere" }}
          onApply={(accountId, { minutes, reason }) =>
            hold.mutateAsync({ tenantId, accountId, reason, minutes: Number(minutes) })
          }
        />
      );
    case "unblock":
      return (
        <BulkDialog
          {...shared}
          tone="primary"
          title={`Unblock ${of}?`}
          description="Before the time is over: they can connect again at once."
          submitLabel="Unblock"
          schema={z.object({})}
          defaultValues={{}}
          words={{ pending: "Unblocking", done: `${of} may connect again`, failed: "Not unblocked everywhere" }}
          onApply={(accountId) => letIn.mutateAsync({ tenantId, accountId })}
        />
      );
    case "revoke":
      return (
        <BulkDialog
          {...shared}
          title={`Revoke the access of ${of}?`}
          description="Their sessions are cut, their packets are dropped and they cannot come back, on every gateway, until somebody restores their access."
          submitLabel="Revoke access"
          schema={reasonForm}
          defaultValues={{ reason: "" }}
          fields={reason}
          words={{ pending: "Revoking access", done: `Access of ${of} revoked`, failed: "Not revoked everywhere" }}
          onApply={(accountId, values) => revoke.mutateAsync({ tenantId, accountId, ...values })}
        />
      );
    case "policy":
      return (
        <BulkDialog
          {...shared}
          tone="primary"
          title={`Add ${of} to a policy`}
          description="They reach what it opens from then on; their other policies stay."
          submitLabel="Add to the policy"
          schema={policyForm}
          defaultValues={{ policyId: "" }}
          fields={
            <Field name="policyId" label="Policy">
              <Combobox {...policies} emptyText="No policy of that name" />
            </Field>
          }
          words={{ pending: "Opening the way", done: `${of} added`, failed: "Not in force everywhere" }}
          onApply={async (accountId, { policyId }) => {
            // As it is now: somebody may have changed it since the list was read.
            const account = await queryClient.fetchQuery(trpc.accounts.get.queryOptions({ tenantId, accountId }));
            const policyIds = [...new Set([...account.policies.map(({ id }) => id), policyId])];
            return update.mutateAsync({ tenantId, accountId, name: account.name, policyIds });
          }}
        />
      );
  }
}

const reasonForm = z.object({ reason: reasonField });
const blockForm = reasonForm.extend({ minutes: z.string() });
const policyForm = z.object({ policyId: z.uuid("Choose a policy.") });
