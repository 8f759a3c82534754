"use client";

import { Cable } from "lucide-react";
import type { Api } from "../../../../_lib/api-types";
import { formatBytes } from "../../../../_lib/format";
import { Card } from "../../../../_ui/card";
import { EmptyState } from "../../../../_ui/empty-state";
import { Status } from "../../../../_ui/status-dot";
import { DateTime, Elapsed } from "../../../../_ui/time-ago";

/** The ten newest. */
export function AccountSessions({ sessions }: { sessions: Api["accounts"]["get"]["sessions"] }) {
  return (
    <Card title="Sessions" description="The newest ten" padding="none">
      {sessions.length === 0 ? (
        <EmptyState icon={<Cable aria-hidden />} title="Never connected" className="py-8">
          A session shows up here as soon as their VPN client connects.
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {sessions.map((session) => (
            <li key={session.id} className="flex flex-wrap items-baseline gap-x-5 gap-y-0.5 px-4 py-2.5">
              <span className="w-44 shrink-0">
                {session.disconnectedAt ? (
                  <Status tone="neutral">
                    <DateTime date={session.connectedAt} />
                  </Status>
                ) : (
                  <Status tone="ok" pulse>
                    Connected now
                  </Status>
                )}
              </span>
              <span className="w-24 shrink-0 text-muted">
                <Elapsed since={session.connectedAt} until={session.disconnectedAt} />
              </span>
              <span className="text-muted">
                {session.gatewayName} from <span className="font-mono text-xs">{session.realAddress}</span>
              </span>
              <span className="text-muted">{[session.platform, session.clientVersion].filter(Boolean).join(" ")}</span>
              <span
                className="min-w-0 flex-1 basis-40 truncate text-xs text-faint"
                title={session.endReason ?? undefined}
              >
                {session.endReason}
              </span>
              <span className="text-muted">
                {formatBytes(session.received)} in, {formatBytes(session.sent)} out
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
