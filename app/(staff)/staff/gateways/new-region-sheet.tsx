"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createRegionInput } from "@/server/gateways/schema";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { Sheet } from "../../../_ui/sheet";
import { toast } from "../../../_ui/toast";
import type { usePanel } from "../../../_ui/use-panel";

export function NewRegionSheet({ panel }: { panel: ReturnType<typeof usePanel> }) {
  return (
    <Sheet
      open={panel.is("region")}
      onOpenChange={panel.onOpenChange}
      title="New region"
      description="A data centre that gateways stand in."
    >
      <RegionForm onDone={panel.close} />
    </Sheet>
  );
}

function RegionForm({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const create = useMutation(trpc.regions.create.mutationOptions());
  const form = useForm({ schema: createRegionInput, defaultValues: { name: "", code: "" } });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        await create.mutateAsync(values);
        await queryClient.invalidateQueries(trpc.regions.pathFilter());
        toast.ok(`${values.name} is added`);
        onDone();
      }}
    >
      <Field name="name" label="Name" required>
        <Input autoFocus autoComplete="off" placeholder="Frankfurt" />
      </Field>
      <Field name="code" label="Code" required hint="Short and lasting.">
        <Input mono autoComplete="off" placeholder="eu-central" />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton>Add region</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}
