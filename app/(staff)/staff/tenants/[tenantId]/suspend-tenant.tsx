"use client";

import { useMutation } from "@tanstack/react-query";
import { suspendTenantInput } from "@/server/tenants/schema";
import { useAnnounceChange } from "../../../../_lib/change-receipt";
import { plural } from "../../../../_lib/format";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { Dialog } from "../../../../_ui/dialog";
import { Field } from "../../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../../_ui/form";
import { Input } from "../../../../_ui/input";
import type { TenantFacts } from "./tenant-facts";

export function SuspendTenant({ tenant, onClose }: { tenant: TenantFacts; onClose: () => void }) {
  const { id: tenantId, name, liveSessions } = tenant;
  const trpc = useTRPC();
  const announce = useAnnounceChange(tenantId);
  const suspend = useMutation(trpc.tenants.suspend.mutationOptions());
  const form = useForm({ schema: suspendTenantInput, defaultValues: { tenantId, reason: "" } });
  return (
    <Dialog
      role="alertdialog"
      open
      onOpenChange={onClose}
      title={`Suspend ${name}?`}
      description={`${liveSessions > 0 ? `${plural(liveSessions, "live session")} will be cut, and nobody` : "Nobody"} of ${name} can connect until you resume it. Nothing is lost.`}
    >
      <Form
        form={form}
        onSubmit={async (values) => {
          const { revision } = await suspend.mutateAsync(values);
          onClose();
          announce(revision, {
            pending: `Suspending ${name}`,
            done: `${name} is suspended`,
            failed: `${name} is not suspended everywhere`,
          });
        }}
      >
        <Field
          name="reason"
          label="Reason"
          hint={`The members of ${name} read it in their console; its VPN users are told to ask them.`}
        >
          <Input autoFocus autoComplete="off" placeholder="Invoice 2041 of October is unpaid" />
        </Field>
        <FormError />
        <FormActions>
          <SubmitButton variant="danger">Suspend tenant</SubmitButton>
          <Button onClick={onClose}>Cancel</Button>
        </FormActions>
      </Form>
    </Dialog>
  );
}
