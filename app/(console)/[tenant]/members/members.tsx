"use client";

import { UserPlus } from "lucide-react";
import { Button } from "../../../_ui/button";
import { PageHeader } from "../../../_ui/page-header";
import { useShortcuts } from "../../../_ui/shortcuts";
import { usePanel } from "../../../_ui/use-panel";
import { useTenant } from "../../_lib/use-tenant";
import { Invitations } from "./invitations";
import { InviteSheet } from "./invite-sheet";
import { MembersTable } from "./members-table";

/** Who may sign in here and change things; VPN accounts are other people, or the same ones in another part. */
export function Members() {
  const { can, whyNot } = useTenant();
  const panel = usePanel();
  useShortcuts(
    [{ keys: "n", label: "Invite a member", group: "Members", run: () => panel.open("invite") }],
    can("members:write"),
  );
  const invite = (
    <Button
      variant="primary"
      icon={<UserPlus aria-hidden />}
      disabledReason={whyNot("members:write")}
      onClick={() => panel.open("invite")}
    >
      Invite a member
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Members"
        description="They sign in here to manage the organisation. It gives no way into the VPN: that takes an account."
        actions={invite}
      />
      <div className="flex flex-col gap-5">
        <Invitations />
        <MembersTable invite={invite} />
      </div>
      <InviteSheet open={panel.is("invite")} onOpenChange={panel.onOpenChange} />
    </>
  );
}
