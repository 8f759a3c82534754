"use client";

import { plural } from "../_lib/format";
import { Status } from "../_ui/status-dot";
import { DateTime } from "../_ui/time-ago";
import { useNow } from "../_ui/use-now";
import { daysLeft, renewSoonDays } from "./days-left";

interface CertificateStatusProps {
  isRevoked: boolean;
  /** Its owner's access is revoked: no gateway takes it. */
  isShut?: boolean;
  notAfter: Date;
}

/** How long a profile's certificate works yet; how many days, once it is to be renewed. */
export function CertificateStatus({ isRevoked, isShut = false, notAfter }: CertificateStatusProps) {
  const now = useNow(60_000);
  if (isRevoked) return <Status tone="neutral">Replaced or revoked</Status>;
  if (isShut) return <Status tone="neutral">Not accepted: access is revoked</Status>;
  if (!now) return null;
  const days = daysLeft(notAfter, now);
  if (days < 0) return <Status tone="bad">Expired</Status>;
  if (days < renewSoonDays) return <Status tone="warn">Ends in {plural(days, "day")}</Status>;
  return (
    <Status tone="ok">
      <span>
        Until <DateTime date={notAfter} />
      </span>
    </Status>
  );
}
