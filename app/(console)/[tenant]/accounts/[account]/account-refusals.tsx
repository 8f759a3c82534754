"use client";

import { ShieldCheck } from "lucide-react";
import type { Api } from "../../../../_lib/api-types";
import { Repeated, refusalId } from "../../../../_sessions/refusal-columns";
import { Card } from "../../../../_ui/card";
import { EmptyState } from "../../../../_ui/empty-state";
import { TimeAgo } from "../../../../_ui/time-ago";

/** Attempts that a gateway turned away, each with the reason that the person was told. */
export function AccountRefusals({ refusals }: { refusals: Api["accounts"]["get"]["refusals"] }) {
  return (
    <Card title="Refused connections" description="The newest ten, with what the person was told" padding="none">
      {refusals.length === 0 ? (
        <EmptyState icon={<ShieldCheck aria-hidden />} title="None" className="py-8">
          Every attempt with this account’s profile was let in.
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {refusals.map((refusal) => (
            <li key={refusalId(refusal)} className="px-4 py-2.5">
              <p className="text-ink">{refusal.reason}</p>
              <p className="text-xs text-faint">
                <TimeAgo date={refusal.at} /> at {refusal.gatewayName} from{" "}
                <span className="font-mono">{refusal.realAddress}</span>
              </p>
              <Repeated refusal={refusal} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
