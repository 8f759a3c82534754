"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useWatch } from "react-hook-form";
import type { Api } from "../../../../_lib/api-types";
import { useTRPC } from "../../../../_lib/trpc";
import { Card } from "../../../../_ui/card";
import { Field } from "../../../../_ui/field";
import { Form, FormError, SubmitButton, useForm } from "../../../../_ui/form";
import { Input } from "../../../../_ui/input";
import { LinkButton } from "../../../../_ui/link-button";
import { MultiSelect } from "../../../../_ui/multi-select";
import { Switch } from "../../../../_ui/switch";
import { Textarea } from "../../../../_ui/textarea";
import { useChange } from "../../../_lib/use-change";
import { useTenant } from "../../../_lib/use-tenant";
import { Chooser } from "../../_components/chooser";
import { useAccountChoice } from "../../_components/use-account-choice";
import { useGroupOptions } from "../../_components/use-group-options";
import { linesOf, rulesOf } from "../rules";
import { type PolicyFormValues, policyFormSchema } from "./policy-form-schema";
import { PolicySentence } from "./policy-sentence";
import { RuleUses } from "./rule-uses";
import { RulesEditor } from "./rules-editor";

/** Who, what, on which ports; beside it what that comes to. */
export function PolicyForm({ policy }: { policy?: Api["policies"]["get"] }) {
  const trpc = useTRPC();
  const router = useRouter();
  const { tenantId, can, whyNot, paths } = useTenant();
  const announce = useChange();
  const accounts = useAccountChoice(policy?.accounts);
  const groups = useGroupOptions(policy?.groups);
  const create = useMutation(trpc.policies.create.mutationOptions());
  const update = useMutation(trpc.policies.update.mutationOptions());
  const form = useForm({
    schema: policyFormSchema,
    defaultValues: {
      name: policy?.name ?? "",
      description: policy?.description ?? "",
      isEnabled: policy?.isEnabled ?? true,
      accountIds: policy?.accountIds ?? [],
      groupIds: policy?.groups.map((group) => group.id) ?? [],
      lines: policy ? linesOf(policy.rules) : [{ protocol: "tcp", ports: "" }],
    },
  });
  const values = useWatch({ control: form.control }) as PolicyFormValues;
  const isReadOnly = !can("policies:write");
  return (
    <Form
      form={form}
      className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]"
      onSubmit={async ({ lines, ...fields }) => {
        const input = { tenantId, ...fields, rules: rulesOf(lines) };
        const { policy: saved, revision } = policy
          ? await update.mutateAsync({ ...input, policyId: policy.id })
          : await create.mutateAsync(input);
        announce(revision, {
          pending: `Telling the gateways of ${saved.name}`,
          done: `${saved.name} is in force`,
          failed: `${saved.name} is not in force everywhere`,
        });
        if (policy) form.reset({ ...fields, lines: linesOf(input.rules) });
        else router.replace(paths.policy(saved.id));
      }}
    >
      <div className="flex min-w-0 flex-col gap-4">
        <Card title="Policy">
          <div className="flex flex-col gap-4">
            <Field name="name" label="Name" required>
              <Input autoComplete="off" placeholder="Crane maintenance" autoFocus={!policy} disabled={isReadOnly} />
            </Field>
            <Field name="description" label="Description" optional>
              <Textarea rows={2} placeholder="Why these people need it" disabled={isReadOnly} />
            </Field>
            <Field
              name="isEnabled"
              label="Switched on"
              layout="inline"
              hint="Off, it opens nothing, and keeps what you have set here."
            >
              <Switch disabled={isReadOnly} />
            </Field>
          </div>
        </Card>
        <Card title="Who may go in">
          <Field name="accountIds" label="VPN accounts" hideLabel>
            <Chooser
              {...accounts.choice}
              noun="account"
              disabled={isReadOnly}
              searchPlaceholder="Search by name or email"
              emptyText="There are no VPN accounts yet. You can add people to this policy later."
            />
          </Field>
        </Card>
        <Card title="What they reach">
          <Field
            name="groupIds"
            label="Device groups"
            hint="Every device in these groups, also one that is put in later."
          >
            <MultiSelect
              {...groups.options}
              selectedOptions={policy?.groups.map((group) => ({ value: group.id, label: group.name }))}
              placeholder="Choose groups"
              searchPlaceholder="Search groups"
              emptyText="No group of that name"
              disabled={isReadOnly}
            />
          </Field>
        </Card>
        <Card title="On which ports">
          <RulesEditor disabled={isReadOnly} />
        </Card>
      </div>
      <aside className="flex min-w-0 flex-col gap-3 lg:sticky lg:top-6">
        <PolicySentence values={values} account={accounts.find} group={groups.find} />
        {policy && policy.ruleUses.length > 0 && <RuleUses uses={policy.ruleUses} />}
        <FormError />
        <SubmitButton size="lg" disabledReason={whyNot("policies:write")}>
          {policy ? "Save policy" : "Add policy"}
        </SubmitButton>
        <LinkButton variant="ghost" href={paths.policies}>
          {form.formState.isDirty ? "Leave without saving" : "Back to policies"}
        </LinkButton>
      </aside>
    </Form>
  );
}
