"use client";

import { Plus, Trash2 } from "lucide-react";
import { useFieldArray, useFormContext, useWatch } from "react-hook-form";
import { Button } from "../../../../_ui/button";
import { Field } from "../../../../_ui/field";
import { Input } from "../../../../_ui/input";
import { Select } from "../../../../_ui/select";
import type { PolicyFormValues } from "./policy-form-schema";

/** A line a protocol: its ports and ranges after each other. */
export function RulesEditor({ disabled }: { disabled: boolean }) {
  const { control, formState } = useFormContext<PolicyFormValues>();
  const { fields, append, remove } = useFieldArray({ control, name: "lines" });
  const lines = useWatch({ control, name: "lines" });
  const problem = formState.errors.lines?.root?.message ?? formState.errors.lines?.message;
  return (
    <div className="flex flex-col gap-3">
      <ol className="flex flex-col gap-3">
        {fields.map((field, index) => {
          const isIcmp = lines[index]?.protocol === "icmp";
          return (
            <li key={field.id} className="flex items-start gap-2">
              <Field
                name={`lines.${index}.protocol`}
                label={`Protocol of rule ${index + 1}`}
                hideLabel
                className="w-24"
              >
                <Select disabled={disabled} options={protocolOptions} />
              </Field>
              <Field name={`lines.${index}.ports`} label={`Ports of rule ${index + 1}`} hideLabel className="flex-1">
                <Input
                  mono
                  autoComplete="off"
                  disabled={disabled || isIcmp}
                  placeholder={isIcmp ? "icmp has no ports" : "22, 80, 8000-8099"}
                  {...(isIcmp ? { value: "" } : {})}
                />
              </Field>
              <Button
                variant="ghost"
                size="icon"
                icon={<Trash2 aria-hidden />}
                aria-label={`Take out rule ${index + 1}`}
                tooltip="Take out"
                disabledReason={disabled ? "You may look at this policy but not change it." : null}
                onClick={() => remove(index)}
              />
            </li>
          );
        })}
      </ol>
      {fields.length === 0 && <p className="text-sm text-muted">No ports are open.</p>}
      {problem && (
        <p role="alert" className="text-xs text-bad-text">
          {problem}
        </p>
      )}
      {!disabled && (
        <div className="flex flex-wrap items-center justify-between gap-2">
          <Button size="sm" icon={<Plus aria-hidden />} onClick={() => append({ protocol: "tcp", ports: "" })}>
            Add a rule
          </Button>
          <p className="text-xs text-faint">Ports go from 1 to 65535. Write any for all of them.</p>
        </div>
      )}
    </div>
  );
}

const protocolOptions = [
  { value: "tcp", label: "tcp" },
  { value: "udp", label: "udp" },
  { value: "icmp", label: "icmp", detail: "ping" },
] as const;
