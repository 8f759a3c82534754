"use client";

import { ArrowRight, MailOpen } from "lucide-react";
import { ChangeReceipt } from "../../../_lib/change-receipt";
import { paths } from "../../../_lib/paths";
import { Callout } from "../../../_ui/callout";
import { LinkButton } from "../../../_ui/link-button";

export interface CreatedTenant {
  tenantId: string;
  slug: string;
  name: string;
  adminEmail: string;
  invitationMailId: string;
  revision: number;
}

/** What to do next: the invitation is on its way, and must be passed on by hand where no mail is sent. */
export function TenantCreated({ tenant }: { tenant: CreatedTenant }) {
  return (
    <div className="flex flex-col gap-4">
      <Callout tone="ok" title={`${tenant.adminEmail} is invited as its first admin`}>
        The invitation is in the outbox. Without a mail server, open it there and pass the link on.
      </Callout>
      <div className="flex flex-wrap gap-2">
        <LinkButton variant="primary" icon={<MailOpen aria-hidden />} href={paths.staff.mail(tenant.invitationMailId)}>
          Open the invitation
        </LinkButton>
        <LinkButton icon={<ArrowRight aria-hidden />} href={paths.staff.tenant(tenant.tenantId)}>
          Go to {tenant.name}
        </LinkButton>
      </div>
      <ChangeReceipt
        tenantId={tenant.tenantId}
        revision={tenant.revision}
        words={{
          pending: "Preparing the gateways",
          done: "Every gateway is ready for it",
          failed: "Not every gateway is ready for it",
        }}
      />
    </div>
  );
}
