"use client";

import { useState } from "react";
import { Sheet } from "../../../_ui/sheet";
import type { usePanel } from "../../../_ui/use-panel";
import { NewTenantForm } from "./new-tenant-form";
import { type CreatedTenant, TenantCreated } from "./tenant-created";

export function NewTenantSheet({ panel }: { panel: ReturnType<typeof usePanel> }) {
  const [created, setCreated] = useState<CreatedTenant>();
  const close = () => {
    setCreated(undefined);
    panel.close();
  };
  return (
    <Sheet
      size="lg"
      open={panel.is("new")}
      onOpenChange={(open) => !open && close()}
      title={created ? `${created.name} is created` : "New tenant"}
    >
      {created ? <TenantCreated tenant={created} /> : <NewTenantForm onCreated={setCreated} onCancel={close} />}
    </Sheet>
  );
}
