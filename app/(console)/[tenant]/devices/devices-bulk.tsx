"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FolderPlus, Trash2 } from "lucide-react";
import { useState } from "react";
import { z } from "zod";
import type { Api } from "../../../_lib/api-types";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Combobox } from "../../../_ui/combobox";
import { Field } from "../../../_ui/field";
import { useTenant } from "../../_lib/use-tenant";
import { BulkDialog } from "../_components/bulk-dialog";
import { useGroupOptions } from "../_components/use-group-options";

type Device = Api["devices"]["list"]["rows"][number];

/** What can be done to several devices at once. */
export function DevicesBulk({ devices, onDone }: { devices: readonly Device[]; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { tenantId, whyNot } = useTenant();
  const [acting, setActing] = useState<"group" | "delete">();
  const { options } = useGroupOptions();
  const update = useMutation(trpc.devices.update.mutationOptions());
  const remove = useMutation(trpc.devices.delete.mutationOptions());
  const refused = whyNot("devices:write");
  const of = plural(devices.length, "device");
  const close = () => {
    setActing(undefined);
    onDone();
  };
  return (
    <>
      <Button size="sm" icon={<FolderPlus aria-hidden />} disabledReason={refused} onClick={() => setActing("group")}>
        Add to a group…
      </Button>
      <Button
        size="sm"
        variant="danger"
        icon={<Trash2 aria-hidden />}
        disabledReason={refused}
        onClick={() => setActing("delete")}
      >
        Delete…
      </Button>
      {acting === "group" && (
        <BulkDialog
          subjects={devices}
          onClose={close}
          tone="primary"
          title={`Add ${of} to a group`}
          description="Whoever may reach the group reaches them from then on; their other groups stay."
          submitLabel="Add to the group"
          schema={groupForm}
          defaultValues={{ groupId: "" }}
          fields={
            <Field name="groupId" label="Group">
              <Combobox {...options} emptyText="No group of that name" />
            </Field>
          }
          words={{ pending: "Opening the way", done: `${of} added`, failed: "Not in force everywhere" }}
          onApply={async (deviceId, { groupId }) => {
            // As it is now: somebody may have changed it since the list was read.
            const device = await queryClient.fetchQuery(trpc.devices.get.queryOptions({ tenantId, deviceId }));
            const { name, address, description } = device;
            const groupIds = [...new Set([...device.groups.map(({ id }) => id), groupId])];
            return update.mutateAsync({ tenantId, deviceId, name, address, description, groupIds });
          }}
        />
      )}
      {acting === "delete" && (
        <BulkDialog
          subjects={devices}
          onClose={close}
          title={`Delete ${of}?`}
          description="Nobody can reach them through the VPN from then on, and connections to them are cut."
          submitLabel={`Delete ${of}`}
          schema={z.object({})}
          defaultValues={{}}
          words={{ pending: "Closing the way", done: `${of} deleted`, failed: "Not yet shut off everywhere" }}
          onApply={(deviceId) => remove.mutateAsync({ tenantId, deviceId })}
        />
      )}
    </>
  );
}

const groupForm = z.object({ groupId: z.uuid("Choose a group.") });
