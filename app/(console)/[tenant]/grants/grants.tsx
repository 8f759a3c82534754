"use client";

import { Plus } from "lucide-react";
import { Button } from "../../../_ui/button";
import { PageHeader } from "../../../_ui/page-header";
import { useShortcuts } from "../../../_ui/shortcuts";
import { usePanel } from "../../../_ui/use-panel";
import { useTenant } from "../../_lib/use-tenant";
import { GrantsTable } from "./grants-table";
import { NewGrantSheet } from "./new-grant-sheet";

/** What is open to whom for a while. */
export function Grants() {
  const { can, whyNot } = useTenant();
  const panel = usePanel();
  useShortcuts([{ keys: "n", label: "New grant", group: "Grants", run: () => panel.open("new") }], can("grants:write"));
  const add = (
    <Button
      variant="primary"
      icon={<Plus aria-hidden />}
      disabledReason={whyNot("grants:write")}
      onClick={() => panel.open("new")}
    >
      New grant
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Grants"
        description="Like a policy, for one account and for a while. A grant ends on time in every gateway, and open connections end with it."
        actions={add}
      />
      <GrantsTable add={add} />
      <NewGrantSheet panel={panel} />
    </>
  );
}
