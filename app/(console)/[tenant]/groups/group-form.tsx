"use client";

import { useMutation } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { createGroupInput } from "@/server/devices/schema";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { Textarea } from "../../../_ui/textarea";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";
import { Chooser } from "../_components/chooser";
import { PolicyLinks } from "../_components/policy-links";
import { deviceOption, useDeviceChoice } from "../_components/use-device-choice";
import { DeleteGroup, whyGroupStays } from "./delete-group";

interface GroupFormProps {
  /** None: a new one. */
  group?: Api["devices"]["getGroup"];
  members?: Api["devices"]["list"]["rows"];
  onDone: () => void;
}

export function GroupForm({ group, members = [], onDone }: GroupFormProps) {
  const trpc = useTRPC();
  const { tenantId, whyNot, can } = useTenant();
  const isReadOnly = !can("devices:write");
  const announce = useChange();
  const devices = useDeviceChoice();
  const [isLeaving, setLeaving] = useState(false);
  const create = useMutation(trpc.devices.createGroup.mutationOptions());
  const update = useMutation(trpc.devices.updateGroup.mutationOptions());
  const form = useForm({
    schema: createGroupInput,
    defaultValues: {
      name: group?.name ?? "",
      description: group?.description ?? "",
      deviceIds: group?.deviceIds ?? [],
    },
  });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        const { revision } = group
          ? await update.mutateAsync({ tenantId, groupId: group.id, ...values })
          : await create.mutateAsync({ tenantId, ...values });
        onDone();
        announce(revision, {
          pending: `Telling the gateways of ${values.name}`,
          done: group ? `${values.name} is changed` : `${values.name} is added`,
          failed: `${values.name} is not in force everywhere yet`,
        });
      }}
    >
      <Field name="name" label="Name" required>
        <Input autoComplete="off" placeholder="Cranes" autoFocus={!group} disabled={isReadOnly} />
      </Field>
      <Field name="description" label="Description" optional>
        <Textarea rows={2} placeholder="What these devices have in common" disabled={isReadOnly} />
      </Field>
      <Field name="deviceIds" label="Devices">
        <Chooser
          {...devices}
          noun="device"
          known={members.map(deviceOption)}
          disabled={isReadOnly}
          searchPlaceholder="Search by name or address"
          emptyText="There are no devices yet. You can put them in later."
        />
      </Field>
      {group && (
        <p className="text-sm text-muted">
          Opened by <PolicyLinks policies={group.policies} none="no policy yet, so nobody reaches it" />
        </p>
      )}
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("devices:write")}>{group ? "Save group" : "Add group"}</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
        {group && (
          <Button
            variant="danger-ghost"
            className="mr-auto"
            icon={<Trash2 aria-hidden />}
            disabledReason={whyNot("devices:write") ?? whyGroupStays(group)}
            onClick={() => setLeaving(true)}
          >
            Delete…
          </Button>
        )}
      </FormActions>
      {group && (
        <DeleteGroup group={isLeaving ? group : undefined} onClose={() => setLeaving(false)} onDeleted={onDone} />
      )}
    </Form>
  );
}
