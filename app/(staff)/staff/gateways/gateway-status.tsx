import type { Api } from "../../../_lib/api-types";
import { Badge } from "../../../_ui/badge";
import { Status } from "../../../_ui/status-dot";
import type { Tone } from "../../../_ui/tone";

export type Gateway = Api["gateways"]["list"]["rows"][number];

const statuses: Record<Gateway["status"], { tone: Tone; label: string; pulse?: boolean }> = {
  awaiting_enrolment: { tone: "info", label: "Waiting to enrol", pulse: true },
  healthy: { tone: "ok", label: "Healthy" },
  warning: { tone: "warn", label: "Needs a look" },
  maintenance: { tone: "info", label: "In maintenance" },
  unreachable: { tone: "bad", label: "Unreachable" },
};

/** Enrolment that nobody can finish any more is no waiting. */
function statusOf(gateway: Pick<Gateway, "status" | "tokenExpiresAt">) {
  if (gateway.status === "awaiting_enrolment" && !isTokenOpen(gateway))
    return { tone: "neutral", label: "Not enrolled" } as const;
  return statuses[gateway.status];
}

export function isTokenOpen(gateway: Pick<Gateway, "tokenExpiresAt">): boolean {
  return gateway.tokenExpiresAt !== null && gateway.tokenExpiresAt.getTime() > Date.now();
}

export function GatewayStatus({ gateway }: { gateway: Gateway }) {
  const status = statusOf(gateway);
  return (
    <Status tone={status.tone} pulse={"pulse" in status && status.pulse}>
      {status.label}
    </Status>
  );
}

export function GatewayBadge({ gateway }: { gateway: Gateway }) {
  const status = statusOf(gateway);
  return (
    <Badge tone={status.tone} dot={"pulse" in status && status.pulse ? "pulse" : true}>
      {status.label}
    </Badge>
  );
}
