"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createTenantInput } from "@/server/tenants/schema";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { Select } from "../../../_ui/select";
import { TextLink } from "../../../_ui/text-link";
import { usePlanOptions } from "../_components/use-plan-options";
import { useRegionOptions } from "../_components/use-region-options";
import { useStaff } from "../_lib/use-staff";
import { NetworksFields } from "./networks-fields";
import { slugOf } from "./slug";
import type { CreatedTenant } from "./tenant-created";

interface NewTenantFormProps {
  onCreated: (tenant: CreatedTenant) => void;
  onCancel: () => void;
}

export function NewTenantForm({ onCreated, onCancel }: NewTenantFormProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { whyNot } = useStaff();
  const plans = usePlanOptions();
  const regions = useRegionOptions();
  const create = useMutation(trpc.tenants.create.mutationOptions());
  const form = useForm({
    schema: createTenantInput,
    defaultValues: { name: "", slug: "", networks: [{ name: "", cidr: "" }], admin: { email: "" } },
  });
  // Read here, or the form would not keep track of it.
  const isOwnSlug = form.formState.dirtyFields.slug;
  const suggestSlug = (name: string) => {
    if (!isOwnSlug) form.setValue("slug", slugOf(name), { shouldValidate: form.formState.isSubmitted });
  };
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        const created = await create.mutateAsync(values);
        await queryClient.invalidateQueries(trpc.tenants.pathFilter());
        onCreated({ ...created, name: values.name, adminEmail: values.admin.email });
      }}
    >
      {plans.options?.length === 0 && (
        <Callout tone="warn" title="There is no plan yet">
          A tenant is created on a plan: <TextLink href={paths.staff.plans}>make one first</TextLink>.
        </Callout>
      )}
      <Field name="name" label="Name" required>
        <Input autoFocus autoComplete="off" placeholder="Acme Harbour" onValueChange={suggestSlug} />
      </Field>
      <Field
        name="slug"
        label="Slug"
        required
        hint="The first part of its console's address. It is only a label: whoever has it later sees nothing of this tenant."
      >
        <Input mono autoComplete="off" placeholder="acme-harbour" />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field name="planId" label="Plan" required>
          <Select options={plans.options ?? []} placeholder="Choose a plan" />
        </Field>
        <Field name="homeRegionId" label="Home region" optional>
          <Select options={regions} placeholder="Choose a region" />
        </Field>
      </div>
      <NetworksFields />
      <Field
        name="admin.email"
        label="First admin's email"
        required
        hint="They are invited by mail, and set up the rest."
      >
        <Input type="email" autoComplete="off" placeholder="dana@acme.example" />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("tenants:write")}>Create tenant and invite</SubmitButton>
        <Button onClick={onCancel}>Cancel</Button>
      </FormActions>
    </Form>
  );
}
