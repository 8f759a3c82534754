"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { inviteInput } from "@/server/members/schema";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { Select } from "../../../_ui/select";
import { Sheet } from "../../../_ui/sheet";
import { toast } from "../../../_ui/toast";
import { useTenant } from "../../_lib/use-tenant";
import { roles } from "./roles";

interface InviteSheetProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function InviteSheet({ open, onOpenChange }: InviteSheetProps) {
  return (
    <Sheet
      open={open}
      onOpenChange={onOpenChange}
      title="Invite a member"
      description="They get a link by email, set a password and are in. It works once, for seven days."
    >
      <InviteForm onDone={() => onOpenChange(false)} />
    </Sheet>
  );
}

function InviteForm({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { tenantId, whyNot } = useTenant();
  const invite = useMutation(trpc.members.invite.mutationOptions());
  const form = useForm({ schema: inviteInput, defaultValues: { email: "", role: "manager" } });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        await invite.mutateAsync({ tenantId, ...values });
        onDone();
        toast.ok(`An invitation is on its way to ${values.email}`);
        void queryClient.invalidateQueries();
      }}
    >
      <Field name="email" label="Email">
        <Input type="email" autoFocus autoComplete="off" />
      </Field>
      <Field name="role" label="Role">
        <Select options={roles} />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("members:write")}>Send invitation</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}
