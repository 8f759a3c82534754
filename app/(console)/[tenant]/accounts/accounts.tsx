"use client";

import { Plus } from "lucide-react";
import { Button } from "../../../_ui/button";
import { PageHeader } from "../../../_ui/page-header";
import { useShortcuts } from "../../../_ui/shortcuts";
import { usePanel } from "../../../_ui/use-panel";
import { useTenant } from "../../_lib/use-tenant";
import { AccountsTable } from "./accounts-table";
import { NewAccountSheet } from "./new-account-sheet";

/** Who may come in: one account for each person. */
export function Accounts() {
  const { can, whyNot } = useTenant();
  const panel = usePanel();
  useShortcuts(
    [{ keys: "n", label: "New account", group: "Accounts", run: () => panel.open("new") }],
    can("accounts:write"),
  );
  const add = (
    <Button
      variant="primary"
      icon={<Plus aria-hidden />}
      disabledReason={whyNot("accounts:write")}
      onClick={() => panel.open("new")}
    >
      New account
    </Button>
  );
  return (
    <>
      <PageHeader
        title="VPN accounts"
        description="One for each person. An account reaches what its policies open, and nothing else."
        actions={add}
      />
      <AccountsTable add={add} />
      <NewAccountSheet open={panel.is("new")} onOpenChange={panel.onOpenChange} />
    </>
  );
}
