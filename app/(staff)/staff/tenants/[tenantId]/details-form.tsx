"use client";

import { useMutation } from "@tanstack/react-query";
import { updateTenantInput } from "@/server/tenants/schema";
import { useAnnounceChange } from "../../../../_lib/change-receipt";
import { useTRPC } from "../../../../_lib/trpc";
import { SecondSessionField } from "../../../../_sessions/second-session-field";
import { Button } from "../../../../_ui/button";
import { Field } from "../../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../../_ui/form";
import { Input } from "../../../../_ui/input";
import { Select } from "../../../../_ui/select";
import { usePlanOptions } from "../../_components/use-plan-options";
import { useRegionOptions } from "../../_components/use-region-options";
import type { TenantFacts } from "./tenant-facts";

export function DetailsForm({ tenant, onDone }: { tenant: TenantFacts; onDone: () => void }) {
  const trpc = useTRPC();
  const announce = useAnnounceChange(tenant.id);
  const plans = usePlanOptions();
  const regions = useRegionOptions();
  const update = useMutation(trpc.tenants.update.mutationOptions());
  const form = useForm({
    schema: updateTenantInput,
    defaultValues: {
      tenantId: tenant.id,
      name: tenant.name,
      planId: tenant.plan.id,
      homeRegionId: tenant.homeRegion?.id ?? null,
      secondSession: tenant.secondSession,
    },
  });
  const offered = plans.options ?? [];
  // A withdrawn plan stays with the tenants that have it.
  const planOptions = offered.some((plan) => plan.value === tenant.plan.id)
    ? offered
    : [{ value: tenant.plan.id, label: tenant.plan.name, detail: "withdrawn" }, ...offered];
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        const { revision } = await update.mutateAsync(values);
        onDone();
        announce(revision);
      }}
    >
      <Field name="name" label="Name" required>
        <Input autoComplete="off" />
      </Field>
      <Field name="planId" label="Plan" required>
        <Select options={planOptions} />
      </Field>
      <Field name="homeRegionId" label="Home region" optional>
        <Select options={regions} placeholder="None" />
      </Field>
      <SecondSessionField />
      <FormError />
      <FormActions>
        <SubmitButton>Save tenant</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}
