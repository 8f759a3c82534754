"use client";

import { useKept } from "../../../_sessions/use-kept";
import { Sheet } from "../../../_ui/sheet";
import type { usePanel } from "../../../_ui/use-panel";
import { type Plan, PlanForm } from "./plan-form";

interface PlanSheetProps {
  panel: ReturnType<typeof usePanel>;
  plans: readonly Plan[] | undefined;
}

/** The form of a new plan, or of the one whose id is in the address. */
export function PlanSheet({ panel, plans }: PlanSheetProps) {
  const plan = useKept(plans, panel.value);
  return (
    <Sheet
      open={panel.is("new") || plan !== undefined}
      onOpenChange={panel.onOpenChange}
      title={plan?.name ?? "New plan"}
    >
      <PlanForm key={plan?.id ?? "new"} plan={plan} onDone={panel.close} />
    </Sheet>
  );
}
