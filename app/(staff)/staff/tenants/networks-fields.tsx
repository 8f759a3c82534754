"use client";

import { Plus, Trash2 } from "lucide-react";
import { useFieldArray, useFormContext } from "react-hook-form";
import { Button } from "../../../_ui/button";
import { Field } from "../../../_ui/field";
import { Input } from "../../../_ui/input";

interface WithNetworks {
  networks: { name: string; cidr: string }[];
}

/** The networks behind the gateways, a line each, of a form that has `networks`. */
export function NetworksFields() {
  const { control, formState } = useFormContext<WithNetworks>();
  const { fields, append, remove } = useFieldArray({ control, name: "networks" });
  const problem = formState.errors.networks?.root?.message ?? formState.errors.networks?.message;
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">Networks</legend>
      {fields.length > 0 && (
        <ul className="flex flex-col gap-2">
          {fields.map((field, index) => (
            <li key={field.id} className="flex items-start gap-2">
              <Field
                name={`networks.${index}.name`}
                label={`Name of network ${index + 1}`}
                hideLabel
                className="flex-1"
              >
                <Input autoComplete="off" placeholder="Yard" />
              </Field>
              <Field name={`networks.${index}.cidr`} label={`Network ${index + 1}`} hideLabel className="flex-1">
                <Input mono autoComplete="off" placeholder="10.0.0.0/24" />
              </Field>
              <Button
                variant="ghost"
                size="icon"
                icon={<Trash2 aria-hidden />}
                aria-label={`Take out network ${index + 1}`}
                tooltip="Take out"
                onClick={() => remove(index)}
              />
            </li>
          ))}
        </ul>
      )}
      {problem && (
        <p role="alert" className="text-xs text-bad-text">
          {problem}
        </p>
      )}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Button size="sm" icon={<Plus aria-hidden />} onClick={() => append({ name: "", cidr: "" })}>
          Add a network
        </Button>
        <p className="text-xs text-faint">Two tenants may have the same network; one tenant's must not overlap.</p>
      </div>
    </fieldset>
  );
}
