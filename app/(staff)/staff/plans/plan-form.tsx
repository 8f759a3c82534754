"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { z } from "zod";
import { createPlanInput } from "@/server/plans/schema";
import type { Api } from "../../../_lib/api-types";
import { plural } from "../../../_lib/format";
import { RateFields, rateDefaults, rateForm } from "../../../_lib/rate-fields";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { Textarea } from "../../../_ui/textarea";
import { useStaff } from "../_lib/use-staff";
import { fromMinor, toMinor } from "./money";

export type Plan = Api["plans"]["list"]["rows"][number];

export function PlanForm({ plan, onDone }: { plan: Plan | undefined; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { whyNot } = useStaff();
  const create = useMutation(trpc.plans.create.mutationOptions());
  const update = useMutation(trpc.plans.update.mutationOptions());
  const form = useForm({
    schema: planForm,
    defaultValues: {
      name: plan?.name ?? "",
      description: plan?.description ?? "",
      maxAccounts: plan?.maxAccounts ?? 25,
      maxDevices: plan?.maxDevices ?? 100,
      currency: plan?.currency ?? "EUR",
      ...rateDefaults(plan?.ceiling ?? null),
      price: plan ? fromMinor(plan.monthlyPrice, plan.currency) : undefined,
    },
  });
  return (
    <Form
      form={form}
      onSubmit={async ({ price, isLimited, rate, ...fields }) => {
        const input = { ...fields, ceiling: isLimited ? rate : null, monthlyPrice: toMinor(price, fields.currency) };
        await (plan ? update.mutateAsync({ ...input, planId: plan.id }) : create.mutateAsync(input));
        await queryClient.invalidateQueries(trpc.plans.pathFilter());
        onDone();
      }}
    >
      <Field name="name" label="Name" required>
        <Input autoComplete="off" placeholder="Harbour" autoFocus={!plan} />
      </Field>
      <div className="grid grid-cols-[1fr_6rem] gap-3">
        <Field name="price" label="Price a month" required>
          <Input type="number" min={0} step="any" inputMode="decimal" />
        </Field>
        <Field name="currency" label="Currency" required>
          <Input maxLength={3} className="uppercase" autoComplete="off" />
        </Field>
      </div>
      <div className="grid grid-cols-2 gap-3">
        <Field name="maxAccounts" label="VPN accounts, at most" required>
          <Input type="number" min={1} />
        </Field>
        <Field name="maxDevices" label="Devices, at most" required>
          <Input type="number" min={1} />
        </Field>
      </div>
      <RateFields
        label="Limit the speed of each account"
        hint="What goes over is dropped by the gateways, each way by itself. An account’s own limit goes before."
      />
      <Field name="description" label="Description" optional>
        <Textarea placeholder="Who this plan is for" />
      </Field>
      {plan && plan.tenants > 0 && (
        <Callout tone="info">
          {plural(plan.tenants, "tenant")} on this plan. New numbers hold at once, and a new speed as their gateways
          hear of it, one tenant after the other. Whoever uses more keeps it and can add nothing.
        </Callout>
      )}
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("plans:write")}>{plan ? "Save plan" : "Add plan"}</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

/** The price as people say it, where the server takes the currency's minor unit. */
const planForm = createPlanInput.omit({ monthlyPrice: true, ceiling: true }).extend({
  ...rateForm.shape,
  price: z
    .number("Give a price; 0 is free.")
    .min(0, "A price is not negative.")
    .max(1_000_000, "Use at most 1,000,000."),
});
