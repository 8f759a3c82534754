"use client";

import { Plus, Trash2 } from "lucide-react";
import { useFieldArray, useFormContext } from "react-hook-form";
import type { z } from "zod";
import { createGatewayInput } from "@/server/gateways/schema";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { Select } from "../../../_ui/select";
import { useRegionOptions } from "../_components/use-region-options";
import { useStaff } from "../_lib/use-staff";

export type GatewayValues = z.infer<typeof createGatewayInput>;

interface GatewayFormProps {
  /** None: a new one. */
  gateway?: GatewayValues;
  submitLabel: string;
  onSubmit: (values: GatewayValues) => Promise<void>;
  onCancel: () => void;
}

export function GatewayForm({ gateway, submitLabel, onSubmit, onCancel }: GatewayFormProps) {
  const { whyNot } = useStaff();
  const regions = useRegionOptions();
  const form = useForm({ schema: createGatewayInput, defaultValues: gateway ?? newGateway });
  return (
    <Form form={form} onSubmit={onSubmit}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field name="name" label="Name" required>
          <Input autoFocus={!gateway} autoComplete="off" placeholder="fra-1" />
        </Field>
        <Field name="regionId" label="Region" required>
          <Select options={regions} placeholder="Choose a region" />
        </Field>
      </div>
      <Field
        name="publicHost"
        label="Clients connect to"
        required
        hint="A host name or an address, written into every profile."
      >
        <Input mono autoComplete="off" placeholder="fra-1.vpn.example.net" />
      </Field>
      <div className="grid grid-cols-[1fr_7rem] gap-3">
        <Field name="apiHost" label="We reach its API at" required hint="From the workers; clients need not reach it.">
          <Input mono autoComplete="off" placeholder="10.1.0.5" />
        </Field>
        <Field name="apiPort" label="Port" required>
          <Input type="number" mono min={1} max={65535} />
        </Field>
      </div>
      <FrontsFields />
      <ProcessesFields />
      {gateway && (
        <Callout tone="info">
          A process that is changed or taken out is restarted or stopped: its clients come back on another within
          seconds. Profiles that were handed out keep the old host and ports.
        </Callout>
      )}
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("gateways:write")}>{submitLabel}</SubmitButton>
        <Button onClick={onCancel}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

function FrontsFields() {
  const { control, formState } = useFormContext<GatewayValues>();
  const { fields, append, remove } = useFieldArray({ control, name: "fronts" });
  const problem = formState.errors.fronts?.root?.message ?? formState.errors.fronts?.message;
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">Ports for clients</legend>
      <ul className="flex flex-col gap-2">
        {fields.map((field, index) => (
          <li key={field.id} className="flex items-start gap-2">
            <Field name={`fronts.${index}.protocol`} label={`Protocol of port ${index + 1}`} hideLabel className="w-22">
              <Select options={protocolOptions} />
            </Field>
            <Field name={`fronts.${index}.port`} label={`Port ${index + 1}`} hideLabel className="w-24">
              <Input type="number" mono min={1} max={65535} />
            </Field>
            <Button
              variant="ghost"
              size="icon"
              icon={<Trash2 aria-hidden />}
              aria-label={`Take out port ${index + 1}`}
              tooltip="Take out"
              onClick={() => remove(index)}
            />
          </li>
        ))}
      </ul>
      <Problem text={problem} />
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Button size="sm" icon={<Plus aria-hidden />} onClick={() => append({ protocol: "tcp", port: 443 })}>
          Add a port
        </Button>
        <p className="text-xs text-faint">
          Written into profiles; new connections are spread over all processes of the protocol.
        </p>
      </div>
    </fieldset>
  );
}

function Problem({ text }: { text: string | undefined }) {
  if (!text) return null;
  return (
    <p role="alert" className="text-xs text-bad-text">
      {text}
    </p>
  );
}

function ProcessesFields() {
  const { control, formState } = useFormContext<GatewayValues>();
  const { fields, append, remove } = useFieldArray({ control, name: "processes" });
  const problem = formState.errors.processes?.root?.message ?? formState.errors.processes?.message;
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">openvpn processes</legend>
      <ul className="flex flex-col gap-2">
        {fields.map((field, index) => (
          <li key={field.id} className="flex items-start gap-2">
            <Field name={`processes.${index}.name`} label={`Name of process ${index + 1}`} hideLabel className="flex-1">
              <Input mono autoComplete="off" placeholder="udp-1194" />
            </Field>
            <Field
              name={`processes.${index}.protocol`}
              label={`Protocol of process ${index + 1}`}
              hideLabel
              className="w-22"
            >
              <Select options={protocolOptions} />
            </Field>
            <Field name={`processes.${index}.port`} label={`Port of process ${index + 1}`} hideLabel className="w-24">
              <Input type="number" mono min={1} max={65535} />
            </Field>
            <Button
              variant="ghost"
              size="icon"
              icon={<Trash2 aria-hidden />}
              aria-label={`Take out process ${index + 1}`}
              tooltip="Take out"
              onClick={() => remove(index)}
            />
          </li>
        ))}
      </ul>
      <Problem text={problem} />
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Button
          size="sm"
          icon={<Plus aria-hidden />}
          onClick={() => append({ name: "", protocol: "udp", port: 20_001 + fields.length })}
        >
          Name a process
        </Button>
        <p className="text-xs text-faint">
          {fields.length === 0
            ? "None named: the gateway runs one a core for each protocol above."
            : "Only these run. Where the protocol has a port above, theirs are shut from outside."}
        </p>
      </div>
    </fieldset>
  );
}

const protocolOptions = [
  { value: "udp", label: "udp" },
  { value: "tcp", label: "tcp" },
] as const;

const newGateway = {
  name: "",
  publicHost: "",
  apiHost: "",
  apiPort: 8443,
  fronts: [
    { protocol: "udp" as const, port: 1194 },
    { protocol: "tcp" as const, port: 443 },
  ],
  processes: [],
};
