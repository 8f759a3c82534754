"use client";

import { useMutation } from "@tanstack/react-query";
import { z } from "zod";
import { createGrantInput } from "@/server/grants/schema";
import { durations } from "../../../_lib/durations";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Combobox } from "../../../_ui/combobox";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { MultiSelect } from "../../../_ui/multi-select";
import { Select } from "../../../_ui/select";
import { Sheet } from "../../../_ui/sheet";
import type { usePanel } from "../../../_ui/use-panel";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";
import { useAccountChoice } from "../_components/use-account-choice";
import { useGroupOptions } from "../_components/use-group-options";
import { policyFormSchema } from "../policies/[policy]/policy-form-schema";
import { RulesEditor } from "../policies/[policy]/rules-editor";
import { rulesOf } from "../policies/rules";

export function NewGrantSheet({ panel }: { panel: ReturnType<typeof usePanel> }) {
  return (
    <Sheet
      open={panel.is("new")}
      onOpenChange={panel.onOpenChange}
      title="New grant"
      description="It opens at once and shuts by itself."
    >
      <NewGrantForm onDone={panel.close} />
    </Sheet>
  );
}

function NewGrantForm({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC();
  const { tenantId, whyNot } = useTenant();
  const announce = useChange();
  const accounts = useAccountChoice();
  const groups = useGroupOptions();
  const create = useMutation(trpc.grants.create.mutationOptions());
  const form = useForm({
    schema: grantForm,
    defaultValues: { accountId: "", groupIds: [], lines: [{ protocol: "tcp", ports: "" }], minutes: "60", reason: "" },
  });
  return (
    <Form
      form={form}
      onSubmit={async ({ lines, minutes, ...fields }) => {
        const input = { tenantId, ...fields, rules: rulesOf(lines), minutes: Number(minutes) };
        const { grant, revision } = await create.mutateAsync(input);
        onDone();
        announce(revision, {
          pending: `Opening it to ${grant.account.name}`,
          done: `It is open to ${grant.account.name}`,
          failed: `It is not open to ${grant.account.name} everywhere`,
        });
      }}
    >
      <Field name="accountId" label="Who" required>
        <Combobox
          options={accounts.choice.found}
          onSearchChange={accounts.choice.onSearchChange}
          loading={accounts.choice.loading}
          placeholder="Choose an account"
          searchPlaceholder="Search by name or email"
          emptyText="No account of that name"
        />
      </Field>
      <Field name="groupIds" label="What they reach" required hint="Every device in these groups.">
        <MultiSelect
          {...groups.options}
          placeholder="Choose groups"
          searchPlaceholder="Search groups"
          emptyText="No group of that name"
        />
      </Field>
      <fieldset className="flex flex-col gap-1.5">
        <legend className="mb-1.5 text-sm font-medium text-ink">On which ports</legend>
        <RulesEditor disabled={false} />
      </fieldset>
      <Field name="minutes" label="For how long" required>
        <Select options={durations} />
      </Field>
      <Field name="reason" label="Why" required hint="They read it in the portal, and it is kept in the audit log.">
        <Input autoComplete="off" placeholder="Crane 4 is down, ticket 4711" />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("grants:write")}>Give grant</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

/** Ports as they are typed, and the time as it is chosen. */
const grantForm = createGrantInput
  .omit({ rules: true, minutes: true })
  .extend({ lines: policyFormSchema.shape.lines, minutes: z.string() });
