"use client";

import { Pencil } from "lucide-react";
import { Button } from "../../../../_ui/button";
import { Card } from "../../../../_ui/card";
import { Copyable } from "../../../../_ui/copyable";
import { KeyValue } from "../../../../_ui/key-value";
import { Sheet } from "../../../../_ui/sheet";
import { DateTime } from "../../../../_ui/time-ago";
import { usePanel } from "../../../../_ui/use-panel";
import { useStaff } from "../../_lib/use-staff";
import { DetailsForm } from "./details-form";
import type { TenantFacts } from "./tenant-facts";

/** What it is called, what it is on, and where its addresses come from. */
export function TenantDetails({ tenant }: { tenant: TenantFacts }) {
  const { whyNot } = useStaff();
  const panel = usePanel();
  const isThere = tenant.state !== "deleted";
  return (
    <Card
      title="Details"
      actions={
        isThere && (
          <Button
            size="sm"
            icon={<Pencil aria-hidden />}
            disabledReason={whyNot("tenants:write")}
            onClick={() => panel.open("details")}
          >
            Edit
          </Button>
        )
      }
    >
      <KeyValue
        items={[
          isThere && { label: "Slug", value: <Copyable text={tenant.slug} /> },
          { label: "Plan", value: tenant.plan.name },
          { label: "Home region", value: tenant.homeRegion?.name },
          {
            label: "Second connection",
            value: tenant.secondSession === "refuse" ? "is refused while the first is up" : "ends the first",
          },
          { label: "VPN addresses", value: tenant.blocks.join(", "), mono: true },
          {
            label: "Number",
            value: (
              <>
                {tenant.number} <span className="text-faint">names it in the kernel, and is never used again</span>
              </>
            ),
          },
          { label: "Created", value: <DateTime date={tenant.createdAt} /> },
          { label: "Id", value: <Copyable text={tenant.id} /> },
        ]}
      />
      <Sheet open={panel.is("details")} onOpenChange={panel.onOpenChange} title={`Edit ${tenant.name}`}>
        <DetailsForm tenant={tenant} onDone={panel.close} />
      </Sheet>
    </Card>
  );
}
