"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ErrorState } from "../../../_ui/error-state";
import { Sheet } from "../../../_ui/sheet";
import { SkeletonText } from "../../../_ui/skeleton";
import type { usePanel } from "../../../_ui/use-panel";
import { useTenant } from "../../_lib/use-tenant";
import { GroupForm } from "./group-form";

/** The form of a new group, or of the one whose id is in the address. */
export function GroupSheet({ panel }: { panel: ReturnType<typeof usePanel> }) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const groupId = panel.value && !panel.is("new") ? panel.value : undefined;
  const isAsked = { enabled: groupId !== undefined };
  const group = useQuery(trpc.devices.getGroup.queryOptions({ tenantId, groupId: groupId ?? "" }, isAsked));
  // The names of its first devices; those past a page are kept by id, and are named once they are searched for.
  const members = useQuery(
    trpc.devices.list.queryOptions(
      { tenantId, groupId, pageSize: 200, sort: "name" },
      { ...isAsked, placeholderData: keepPreviousData },
    ),
  );
  return (
    <Sheet
      size="lg"
      open={panel.value !== null}
      onOpenChange={panel.onOpenChange}
      title={panel.is("new") ? "New group" : (group.data?.name ?? "Group")}
    >
      {panel.is("new") ? (
        <GroupForm onDone={panel.close} />
      ) : group.error ? (
        <ErrorState error={group.error} title="This group could not be loaded" onRetry={group.refetch} />
      ) : group.data ? (
        <GroupForm key={group.data.id} group={group.data} members={members.data?.rows} onDone={panel.close} />
      ) : (
        <SkeletonText lines={6} />
      )}
    </Sheet>
  );
}
