"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { createDeviceInput } from "@/server/devices/schema";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Field } from "../../../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { MultiSelect } from "../../../_ui/multi-select";
import { Select } from "../../../_ui/select";
import { Textarea } from "../../../_ui/textarea";
import { toast } from "../../../_ui/toast";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";
import { useGroupOptions } from "../_components/use-group-options";
import { DeleteDevice } from "./delete-device";
import { NetworksHint } from "./networks-hint";

const attachments = [
  { value: "routed", label: "Its network, behind the gateways" },
  { value: "openvpn", label: "A tunnel of its own" },
];

interface DeviceFormProps {
  /** None: a new one. */
  device?: Api["devices"]["get"];
  /** With the device, where it is a new one. */
  onDone: (created?: { id: string; attachment: string }) => void;
}

export function DeviceForm({ device, onDone }: DeviceFormProps) {
  const trpc = useTRPC();
  const { tenantId, can, whyNot } = useTenant();
  const isReadOnly = !can("devices:write");
  const announce = useChange();
  const groups = useGroupOptions();
  const [isLeaving, setLeaving] = useState(false);
  const create = useMutation(trpc.devices.create.mutationOptions());
  const createGroup = useMutation(trpc.devices.createGroup.mutationOptions());
  const queryClient = useQueryClient();
  const update = useMutation(trpc.devices.update.mutationOptions());
  const form = useForm({
    schema: createDeviceInput,
    defaultValues: {
      name: device?.name ?? "",
      attachment: device?.attachment ?? "routed",
      address: device?.address ?? "",
      description: device?.description ?? "",
      groupIds: device?.groups.map((group) => group.id) ?? [],
    },
  });
  const isRouted = form.watch("attachment") === "routed";
  return (
    <Form
      form={form}
      onSubmit={async ({ attachment, ...values }) => {
        const { revision, ...changed } = device
          ? await update.mutateAsync({ tenantId, deviceId: device.id, ...values })
          : await create.mutateAsync({ tenantId, attachment, ...values });
        onDone(device ? undefined : changed.device);
        announce(revision, {
          pending: `Telling the gateways of ${values.name}`,
          done: device ? `${values.name} is changed` : `${values.name} is added`,
          failed: `${values.name} is not known everywhere yet`,
        });
      }}
    >
      <Field name="name" label="Name" required>
        <Input autoComplete="off" placeholder="Crane 4 controller" autoFocus={!device} disabled={isReadOnly} />
      </Field>
      {!device && (
        <Field
          name="attachment"
          label="Reached by"
          hint={
            isRouted
              ? "It has an address in one of your networks, behind the gateways."
              : "It runs a VPN client and dials out, so it can stand anywhere and needs no open port. It is given an address of its own."
          }
        >
          <Select options={attachments} disabled={isReadOnly} />
        </Field>
      )}
      {isRouted && (
        <Field name="address" label="Address" required hint={<NetworksHint />}>
          <Input mono autoComplete="off" inputMode="decimal" placeholder="10.0.0.10" disabled={isReadOnly} />
        </Field>
      )}
      <Field
        name="groupIds"
        label="Groups"
        optional
        hint="Policies open groups; outside every group nobody reaches it."
      >
        <MultiSelect
          {...groups.options}
          selectedOptions={device?.groups.map((group) => ({ value: group.id, label: group.name }))}
          placeholder="No group"
          searchPlaceholder="Search groups"
          emptyText="No group yet: type the name of a new one"
          noun="group"
          onCreate={async (name) => {
            try {
              const { group } = await createGroup.mutateAsync({ tenantId, name });
              await queryClient.invalidateQueries(trpc.devices.listGroups.pathFilter());
              return { value: group.id, label: group.name };
            } catch (error) {
              toast.error(error);
            }
          }}
          disabled={isReadOnly}
        />
      </Field>
      <Field name="description" label="Description" optional>
        <Textarea placeholder="Where it stands, who looks after it" disabled={isReadOnly} />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("devices:write")}>{device ? "Save device" : "Add device"}</SubmitButton>
        <Button onClick={() => onDone()}>Cancel</Button>
        {device && (
          <Button
            variant="danger-ghost"
            className="mr-auto"
            icon={<Trash2 aria-hidden />}
            disabledReason={whyNot("devices:write")}
            onClick={() => setLeaving(true)}
          >
            Delete…
          </Button>
        )}
      </FormActions>
      {device && (
        <DeleteDevice
          device={isLeaving ? device : undefined}
          onClose={() => setLeaving(false)}
          onDeleted={() => onDone()}
        />
      )}
    </Form>
  );
}
