"use client";

import { Plus } from "lucide-react";
import { Button } from "../../../_ui/button";
import { PageHeader } from "../../../_ui/page-header";
import { useShortcuts } from "../../../_ui/shortcuts";
import { usePanel } from "../../../_ui/use-panel";
import { useTenant } from "../../_lib/use-tenant";
import { DeviceSheet } from "./device-sheet";
import { DevicesTable } from "./devices-table";

/** What people are let in to reach. */
export function Devices() {
  const { can, whyNot } = useTenant();
  const panel = usePanel();
  useShortcuts(
    [{ keys: "n", label: "New device", group: "Devices", run: () => panel.open("new") }],
    can("devices:write"),
  );
  const add = (
    <Button
      variant="primary"
      icon={<Plus aria-hidden />}
      disabledReason={whyNot("devices:write")}
      onClick={() => panel.open("new")}
    >
      New device
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Devices"
        description="Each is reached by its address in one of your networks, or dials in by a tunnel of its own. Policies open groups of them, so put a device into a group to let people reach it."
        actions={add}
      />
      <DevicesTable panel={panel} add={add} />
      <DeviceSheet panel={panel} />
    </>
  );
}
