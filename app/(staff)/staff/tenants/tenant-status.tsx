import { Status } from "../../../_ui/status-dot";
import type { Tone } from "../../../_ui/tone";

export type TenantState = "active" | "suspended" | "deleted";

export const tenantStates: Record<TenantState, { tone: Tone; label: string }> = {
  active: { tone: "ok", label: "Active" },
  suspended: { tone: "warn", label: "Suspended" },
  deleted: { tone: "neutral", label: "Deleted" },
};

export function TenantStatus({ state }: { state: TenantState }) {
  const { tone, label } = tenantStates[state];
  return <Status tone={tone}>{label}</Status>;
}
