"use client";

import { Plus } from "lucide-react";
import { Button } from "../../../_ui/button";
import { PageHeader } from "../../../_ui/page-header";
import { useShortcuts } from "../../../_ui/shortcuts";
import { usePanel } from "../../../_ui/use-panel";
import { useTenant } from "../../_lib/use-tenant";
import { GroupSheet } from "./group-sheet";
import { GroupsTable } from "./groups-table";

/** Named sets of devices: what policies open. */
export function Groups() {
  const { can, whyNot } = useTenant();
  const panel = usePanel();
  useShortcuts(
    [{ keys: "n", label: "New group", group: "Groups", run: () => panel.open("new") }],
    can("devices:write"),
  );
  const add = (
    <Button
      variant="primary"
      icon={<Plus aria-hidden />}
      disabledReason={whyNot("devices:write")}
      onClick={() => panel.open("new")}
    >
      New group
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Groups"
        description="A group is a named set of devices. Policies open groups, so whoever may reach a group reaches each device that you put into it."
        actions={add}
      />
      <GroupsTable panel={panel} add={add} />
      <GroupSheet panel={panel} />
    </>
  );
}
