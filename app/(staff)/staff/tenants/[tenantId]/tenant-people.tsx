"use client";

import { UserPlus } from "lucide-react";
import type { ReactNode } from "react";
import { Badge } from "../../../../_ui/badge";
import { Button } from "../../../../_ui/button";
import { Callout } from "../../../../_ui/callout";
import { Card } from "../../../../_ui/card";
import { Sheet } from "../../../../_ui/sheet";
import { TimeAgo } from "../../../../_ui/time-ago";
import { usePanel } from "../../../../_ui/use-panel";
import { useStaff } from "../../_lib/use-staff";
import { InviteForm } from "./invite-form";
import type { TenantFacts } from "./tenant-facts";

/** Who runs the tenant's console, and who was asked to. */
export function TenantPeople({ tenant }: { tenant: TenantFacts }) {
  const { whyNot } = useStaff();
  const panel = usePanel();
  return (
    <Card
      title="Members"
      description="People who sign in to its console."
      padding="none"
      actions={
        <Button
          size="sm"
          icon={<UserPlus aria-hidden />}
          disabledReason={whyNot("tenants:write")}
          onClick={() => panel.open("invite")}
        >
          Invite
        </Button>
      }
    >
      {tenant.memberList.length + tenant.invitations.length === 0 && (
        <Callout tone="warn" className="m-4" title="Nobody can manage this tenant">
          Invite an admin, who sets up the rest.
        </Callout>
      )}
      <ul>
        {tenant.memberList.map((member) => (
          <Person key={member.id} name={member.name} detail={member.email}>
            <Badge>{member.role}</Badge>
          </Person>
        ))}
        {tenant.invitations.map((invitation) => (
          <Person
            key={invitation.id}
            name={invitation.email}
            detail={
              <>
                invited <TimeAgo date={invitation.createdAt} />, ends <TimeAgo date={invitation.expiresAt} />
              </>
            }
          >
            <Badge tone="info">invited as {invitation.role}</Badge>
          </Person>
        ))}
      </ul>
      <Sheet open={panel.is("invite")} onOpenChange={panel.onOpenChange} title={`Invite to ${tenant.name}`}>
        <InviteForm tenant={tenant} onDone={panel.close} />
      </Sheet>
    </Card>
  );
}

function Person({ name, detail, children }: { name: string; detail: ReactNode; children: ReactNode }) {
  return (
    <li className="flex min-h-11 items-center gap-3 border-b border-line/70 px-4 py-1.5 last:border-b-0">
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm">{name}</span>
        <span className="block truncate text-xs text-faint">{detail}</span>
      </span>
      {children}
    </li>
  );
}
