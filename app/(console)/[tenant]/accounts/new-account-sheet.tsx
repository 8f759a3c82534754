"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createAccountInput } from "@/server/accounts/schema";
import type { Api } from "../../../_lib/api-types";
import { ChangeReceipt } from "../../../_lib/change-receipt";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { LinkButton } from "../../../_ui/link-button";
import { MultiSelect } from "../../../_ui/multi-select";
import { Sheet } from "../../../_ui/sheet";
import { useTenant } from "../../_lib/use-tenant";
import { usePolicyOptions } from "../_components/use-policy-options";
import { HandOver } from "./hand-over";

interface NewAccountSheetProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function NewAccountSheet({ open, onOpenChange }: NewAccountSheetProps) {
  const tenant = useTenant();
  const [created, setCreated] = useState<Api["accounts"]["create"]>();
  const change = (isOpen: boolean) => {
    onOpenChange(isOpen);
    if (!isOpen) setCreated(undefined);
  };
  return (
    <Sheet
      open={open}
      onOpenChange={change}
      title={created ? `${created.account.name} has an account` : "New account"}
      description={created ? created.account.email : "For one person: it allows one session at a time."}
      footer={
        created && (
          <>
            <Button variant="primary" onClick={() => change(false)}>
              I have handed it over
            </Button>
            <LinkButton href={tenant.paths.account(created.account.id)}>Open the account</LinkButton>
          </>
        )
      }
    >
      {created ? (
        <div className="flex flex-col gap-5">
          <HandOver account={created.account} temporaryPassword={created.temporaryPassword} isMailed />
          <ChangeReceipt
            tenantId={tenant.tenantId}
            revision={created.revision}
            words={{
              pending: "Telling the gateways",
              done: "Every gateway knows the account",
              failed: "Not known on every gateway",
            }}
          />
        </div>
      ) : (
        <NewAccountForm onCreated={setCreated} onCancel={() => change(false)} />
      )}
    </Sheet>
  );
}

interface NewAccountFormProps {
  onCreated: (created: Api["accounts"]["create"]) => void;
  onCancel: () => void;
}

function NewAccountForm({ onCreated, onCancel }: NewAccountFormProps) {
  const { tenantId, whyNot } = useTenant();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const policies = usePolicyOptions();
  const create = useMutation(trpc.accounts.create.mutationOptions());
  const form = useForm({ schema: createAccountInput, defaultValues: { name: "", email: "", policyIds: [] } });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        onCreated(await create.mutateAsync({ tenantId, ...values }));
        void queryClient.invalidateQueries();
      }}
    >
      <Field name="name" label="Name" hint="As you and the audit log know them.">
        <Input autoFocus autoComplete="off" />
      </Field>
      <Field name="email" label="Email" hint="They sign in with it, in the portal and in the VPN client.">
        <Input type="email" autoComplete="off" />
      </Field>
      <Field
        name="policyIds"
        label="Policies"
        optional
        hint="What they may reach. Without one they can connect, and reach nothing."
      >
        <MultiSelect {...policies} placeholder="None yet" emptyText="No policy of that name" />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("accounts:write")}>Create account</SubmitButton>
        <Button onClick={onCancel}>Cancel</Button>
      </FormActions>
    </Form>
  );
}
