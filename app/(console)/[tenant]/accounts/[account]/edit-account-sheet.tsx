"use client";

import { useMutation } from "@tanstack/react-query";
import { updateAccountInput } from "@/server/accounts/schema";
import type { Api } from "../../../../_lib/api-types";
import { RateFields, rateDefaults, rateForm } from "../../../../_lib/rate-fields";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { Field } from "../../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../../_ui/form";
import { Input } from "../../../../_ui/input";
import { MultiSelect } from "../../../../_ui/multi-select";
import { Sheet } from "../../../../_ui/sheet";
import { useChange } from "../../../_lib/use-change";
import { useTenant } from "../../../_lib/use-tenant";
import { usePolicyOptions } from "../../_components/use-policy-options";

interface EditAccountSheetProps {
  account: Pick<Api["accounts"]["get"], "id" | "name" | "email" | "policies" | "rate">;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function EditAccountSheet({ account, open, onOpenChange }: EditAccountSheetProps) {
  return (
    <Sheet open={open} onOpenChange={onOpenChange} title={`Edit ${account.name}`} description={account.email}>
      {/* Taken from the account as it is when the sheet opens: what is read meanwhile does not change the form. */}
      <EditAccountForm account={account} onDone={() => onOpenChange(false)} />
    </Sheet>
  );
}

function EditAccountForm({ account, onDone }: { account: EditAccountSheetProps["account"]; onDone: () => void }) {
  const { tenantId, whyNot } = useTenant();
  const trpc = useTRPC();
  const announce = useChange();
  const policies = usePolicyOptions();
  const update = useMutation(trpc.accounts.update.mutationOptions());
  const form = useForm({
    schema: accountForm,
    defaultValues: {
      accountId: account.id,
      name: account.name,
      email: account.email,
      policyIds: account.policies.map(({ id }) => id),
      ...rateDefaults(account.rate),
    },
  });
  return (
    <Form
      form={form}
      onSubmit={async ({ isLimited, rate, ...values }) => {
        const input = { tenantId, ...values, rate: isLimited ? rate : null };
        const { revision } = await update.mutateAsync(input);
        onDone();
        announce(revision, {
          pending: `Changing ${values.name}`,
          done: `${values.name} is changed`,
          failed: `${values.name} is not changed everywhere`,
        });
      }}
    >
      <Field name="name" label="Name">
        <Input autoComplete="off" />
      </Field>
      <Field
        name="email"
        label="Email"
        hint="They sign in with it, and get mail there. Address, policies, password and profile stay as they are."
      >
        <Input type="email" autoComplete="off" />
      </Field>
      <Field name="policyIds" label="Policies" optional hint="Live sessions follow at once: what is taken away stops.">
        <MultiSelect
          {...policies}
          selectedOptions={account.policies.map(({ id, name }) => ({ value: id, label: name }))}
          placeholder="None: reaches nothing"
          emptyText="No policy of that name"
        />
      </Field>
      <RateFields
        label="Limit the speed of a session"
        hint="What goes over is dropped by the gateway, each way by itself. Off, your plan’s limit holds, if it has one."
      />
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("accounts:write")}>Save account</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

const accountForm = updateAccountInput.extend(rateForm.shape);
