import type { Api } from "../../../_lib/api-types";
import { formatBytes } from "../../../_lib/format";
import { TimeAgo } from "../../../_ui/time-ago";

/** When the policy last let something through, and how much of late; gateways tell it within half a minute. */
export function PolicyUse({ use }: { use: Api["policies"]["get"]["use"] }) {
  if (!use) return <span className="text-warn-text">never used</span>;
  return (
    <span className="text-muted">
      <TimeAgo date={use.lastAt} />
      {use.weekBytes > 0 && `, ${formatBytes(use.weekBytes)} this week`}
    </span>
  );
}
