"use client";

import { useMutation } from "@tanstack/react-query";
import { z } from "zod";
import { setUplinkInput } from "@/server/tenants/schema";
import { useAnnounceChange } from "../../../../_lib/change-receipt";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { Field } from "../../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../../_ui/form";
import { Input } from "../../../../_ui/input";
import type { TenantFacts } from "./tenant-facts";

interface UplinkFormProps {
  tenantId: string;
  uplink: TenantFacts["uplinks"][number];
  onDone: () => void;
}

export function UplinkForm({ tenantId, uplink, onDone }: UplinkFormProps) {
  const trpc = useTRPC();
  const announce = useAnnounceChange(tenantId);
  const setUplink = useMutation(trpc.tenants.setUplink.mutationOptions());
  const form = useForm({
    schema: uplinkForm,
    defaultValues: { interface: uplink.interface, nextHop: uplink.nextHop ?? "" },
  });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        const { revision } = await setUplink.mutateAsync({ tenantId, gatewayId: uplink.gatewayId, ...values });
        onDone();
        announce(revision);
      }}
    >
      <Field name="interface" label="Interface" required hint="Of the gateway: a VLAN, a tunnel, a bridge.">
        <Input mono autoComplete="off" />
      </Field>
      <Field name="nextHop" label="Next hop" optional hint="Empty where the networks are on the link itself.">
        <Input mono autoComplete="off" placeholder="10.255.0.1" />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton>Save uplink</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

/** An empty box is no next hop. */
const uplinkForm = setUplinkInput.pick({ interface: true }).extend({
  nextHop: z
    .string()
    .transform((text) => text.trim() || null)
    .pipe(setUplinkInput.shape.nextHop.unwrap()),
});
