import { Status } from "../../../_ui/status-dot";
import { Until } from "../../../_ui/time-ago";

interface AccountStatusProps {
  account: {
    state: "active" | "revoked";
    hold: { until: Date } | null;
    isOnline: boolean;
    mustChangePassword: boolean;
    certificates: number | readonly unknown[];
  };
}

/** The one thing about an account that matters most right now. */
export function AccountStatus({ account }: AccountStatusProps) {
  if (account.state === "revoked") return <Status tone="bad">Revoked</Status>;
  if (account.hold)
    return (
      <Status tone="warn">
        <span>
          Blocked until <Until date={account.hold.until} />
        </span>
      </Status>
    );
  if (account.isOnline)
    return (
      <Status tone="ok" pulse>
        Connected
      </Status>
    );
  if (account.mustChangePassword) return <Status tone="warn">Not signed in yet</Status>;
  const hasProfile =
    typeof account.certificates === "number" ? account.certificates > 0 : account.certificates.length > 0;
  return hasProfile ? <Status tone="neutral">Ready</Status> : <Status tone="warn">No profile yet</Status>;
}
