"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useWatch } from "react-hook-form";
import { z } from "zod";
import { rateField } from "@/server/core/rate";
import { createPlanInput } from "@/server/plans/schema";
import type { Api } from "../../../_lib/api-types";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { Switch } from "../../../_ui/switch";
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
      isLimited: (plan?.maxDown ?? null) !== null,
      ceiling: { down: plan?.maxDown ?? 20_000, up: plan?.maxUp ?? 10_000 },
      price: plan ? fromMinor(plan.monthlyPrice, plan.currency) : undefined,
    },
  });
  const isLimited = useWatch({ control: form.control, name: "isLimited" });
  return (
    <Form
      form={form}
      onSubmit={async ({ price, isLimited, ceiling, ...fields }) => {
        const input = { ...fields, ceiling: isLimited ? ceiling : null, monthlyPrice: toMinor(price, fields.currency) };
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
      <Field
        name="isLimited"
        label="Limit the speed of each account"
        layout="inline"
        hint="What goes over is dropped by the gateways, each way by itself. An account’s own limit goes before."
      >
        <Switch />
      </Field>
      {isLimited && (
        <div className="grid grid-cols-2 gap-3">
          <Field name="ceiling.down" label="Down, kbit/s">
            <Input type="number" min={64} />
          </Field>
          <Field name="ceiling.up" label="Up, kbit/s">
            <Input type="number" min={64} />
          </Field>
        </div>
      )}
      <Field name="description" label="Description" optional>
        <Textarea placeholder="Who this plan is for" />
      </Field>
      {plan && plan.tenants > 0 && (
        <Callout tone="info">
          {plural(plan.tenants, "tenant")} on this plan are held to the new limits at once. Whoever uses more keeps it
          and can add nothing.
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

/** The price as people say it, where the server takes the currency's minor unit; the ceiling as it is switched on and off. */
const planForm = createPlanInput.omit({ monthlyPrice: true }).extend({
  isLimited: z.boolean(),
  ceiling: rateField,
  price: z
    .number("Give a price; 0 is free.")
    .min(0, "A price is not negative.")
    .max(1_000_000, "Use at most 1,000,000."),
});
