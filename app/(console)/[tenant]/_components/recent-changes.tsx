"use client";

import { History } from "lucide-react";
import { useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { ChangeReceipt } from "../../../_lib/change-receipt";
import { formatDuration, formatNumber, plural } from "../../../_lib/format";
import { Card } from "../../../_ui/card";
import { Dialog } from "../../../_ui/dialog";
import { EmptyState } from "../../../_ui/empty-state";
import { SkeletonText } from "../../../_ui/skeleton";
import { Status } from "../../../_ui/status-dot";
import { TimeAgo } from "../../../_ui/time-ago";
import { useTenant } from "../../_lib/use-tenant";

type Change = Api["tenants"]["overview"]["recentChanges"][number];

/** What was changed lately, and on how many gateways it is in force. */
export function RecentChanges({ changes }: { changes: readonly Change[] | undefined }) {
  const { tenantId } = useTenant();
  const [shown, setShown] = useState<Change | null>(null);
  return (
    <Card title="Recent changes" description="Each with its receipt from the gateways" padding="none">
      {!changes && (
        <div className="p-4">
          <SkeletonText lines={5} />
        </div>
      )}
      {changes?.length === 0 && (
        <EmptyState icon={<History aria-hidden />} title="Nothing has been changed yet" className="py-8">
          Devices, accounts and policies that you change show up here, with the time each gateway took.
        </EmptyState>
      )}
      <ul className="divide-y">
        {changes?.map((change) => (
          <li key={change.revision}>
            <button
              type="button"
              onClick={() => setShown(change)}
              className="flex w-full flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-2 text-left hover:bg-hover focus-visible:-outline-offset-2"
            >
              <span className="min-w-0 flex-1 basis-48 truncate text-ink">{capitalized(change.summary)}</span>
              <span className="text-xs text-muted sm:w-36">
                <Status tone={change.enforced === change.of ? "ok" : "warn"} pulse={change.enforced < change.of}>
                  {inForce(change)}
                </Status>
              </span>
              <TimeAgo date={change.at} className="text-xs text-faint sm:w-18 sm:text-right" />
            </button>
          </li>
        ))}
      </ul>
      <Dialog
        open={shown !== null}
        onOpenChange={() => setShown(null)}
        title={shown ? capitalized(shown.summary) : ""}
        description={shown && `Revision ${formatNumber(shown.revision)}`}
      >
        {shown && <ChangeReceipt tenantId={tenantId} revision={shown.revision} />}
      </Dialog>
    </Card>
  );
}

function inForce({ enforced, of, slowestMs }: Change): string {
  if (of === 0) return "no gateways yet";
  const where = enforced === of ? plural(of, "gateway") : `${formatNumber(enforced)} of ${plural(of, "gateway")}`;
  return enforced === of && slowestMs !== null ? `${where}, ${formatDuration(slowestMs)}` : where;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
