"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { changeRoleInput } from "@/server/members/schema";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Dialog } from "../../../_ui/dialog";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Select } from "../../../_ui/select";
import { useTenant } from "../../_lib/use-tenant";
import { roles } from "./roles";

interface ChangeRoleProps {
  member: Api["members"]["list"]["rows"][number];
  onClose: () => void;
}

export function ChangeRole({ member, onClose }: ChangeRoleProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { tenantId } = useTenant();
  const change = useMutation(trpc.members.changeRole.mutationOptions());
  const form = useForm({ schema: changeRoleInput, defaultValues: { memberId: member.id, role: member.role } });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Role of ${member.name}`}
      description="It holds from their next click on; they need not sign in again."
    >
      <Form
        form={form}
        onSubmit={async (values) => {
          await change.mutateAsync({ tenantId, ...values });
          onClose();
          void queryClient.invalidateQueries();
        }}
      >
        <Field name="role" label="Role">
          <Select options={roles} />
        </Field>
        <FormError />
        <FormActions>
          <SubmitButton>Save role</SubmitButton>
          <Button onClick={onClose}>Cancel</Button>
        </FormActions>
      </Form>
    </Dialog>
  );
}
