"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { inviteToTenantInput } from "@/server/tenants/schema";
import { paths } from "../../../../_lib/paths";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { Callout } from "../../../../_ui/callout";
import { Field } from "../../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../../_ui/form";
import { Input } from "../../../../_ui/input";
import { LinkButton } from "../../../../_ui/link-button";
import { Select } from "../../../../_ui/select";
import type { TenantFacts } from "./tenant-facts";

export function InviteForm({ tenant, onDone }: { tenant: TenantFacts; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const invite = useMutation(trpc.tenants.invite.mutationOptions());
  const form = useForm({
    schema: inviteToTenantInput,
    defaultValues: { tenantId: tenant.id, email: "", role: tenant.memberList.length === 0 ? "admin" : "viewer" },
  });
  if (invite.data)
    return (
      <div className="flex flex-col gap-4">
        <Callout tone="ok" title={`${invite.variables.email} is invited`}>
          The invitation is in the outbox. Without a mail server, open it there and pass the link on.
        </Callout>
        <div className="flex gap-2">
          <LinkButton variant="primary" href={paths.staff.mail(invite.data.mailId)}>
            Open the invitation
          </LinkButton>
          <Button onClick={onDone}>Done</Button>
        </div>
      </div>
    );
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        await invite.mutateAsync(values);
        await queryClient.invalidateQueries(trpc.tenants.pathFilter());
      }}
    >
      <Field name="email" label="Email" required>
        <Input type="email" autoFocus autoComplete="off" />
      </Field>
      <Field name="role" label="Role" required>
        <Select options={roles} />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton>Send invitation</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

const roles = [
  { value: "admin", label: "Admin", detail: "everything, and who else may" },
  { value: "manager", label: "Manager", detail: "accounts, devices, policies, sessions" },
  { value: "viewer", label: "Viewer", detail: "looks, changes nothing" },
] as const;
