"use client";

import { useQuery } from "@tanstack/react-query";
import { ShieldOff } from "lucide-react";
import type { Api } from "../../../_lib/api-types";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { Badge } from "../../../_ui/badge";
import { Card } from "../../../_ui/card";
import { Copyable } from "../../../_ui/copyable";
import { EmptyState } from "../../../_ui/empty-state";
import { PageHeader } from "../../../_ui/page-header";
import { SkeletonText } from "../../../_ui/skeleton";
import { TimeAgo } from "../../../_ui/time-ago";
import { NotShown } from "../_components/not-shown";
import { describeRule } from "./describe-rule";

/** Every device that is open to me, by the policy that opens it. */
export function Reach() {
  const trpc = useTRPC();
  const reach = useQuery(trpc.portal.reach.queryOptions(undefined, { refetchInterval: 30_000 }));
  return (
    <>
      <PageHeader
        title="What I can reach"
        description="While you are connected, these devices answer on these ports. Everything else is shut."
      />
      {reach.error && !reach.data && (
        <NotShown error={reach.error} onRetry={reach.refetch} isRetrying={reach.isFetching} />
      )}
      {reach.isPending && <SkeletonText lines={6} />}
      {reach.data?.length === 0 && (
        <EmptyState frame="box" icon={<ShieldOff aria-hidden />} title="Nothing yet">
          No policy names you, so you can connect but reach no device. Ask an admin of your organisation to add you to
          one.
        </EmptyState>
      )}
      <div className="flex flex-col gap-5">
        {reach.data?.map((policy) => (
          <Policy key={`${policy.policyName} ${policy.until?.getTime()}`} policy={policy} />
        ))}
      </div>
    </>
  );
}

function Policy({ policy }: { policy: Api["portal"]["reach"][number] }) {
  return (
    <Card
      title={policy.policyName}
      description={plural(policy.devices.length, "device")}
      actions={
        policy.until && (
          <Badge tone="warn">
            <span>
              granted, ends <TimeAgo date={policy.until} />
            </span>
          </Badge>
        )
      }
      padding="none"
    >
      <p className="flex flex-wrap items-center gap-1.5 border-b px-4 py-2 text-xs text-faint">
        Open:
        {policy.rules.map((rule) => (
          <Badge key={describeRule(rule)} mono>
            {describeRule(rule)}
          </Badge>
        ))}
      </p>
      {policy.devices.length === 0 ? (
        <p className="px-4 py-3 text-muted">No device is in its groups yet.</p>
      ) : (
        <ul className="grid sm:grid-cols-2">
          {policy.devices.map((device) => (
            <li
              key={device.address}
              className="flex items-baseline justify-between gap-4 border-b border-line/70 px-4 py-2"
            >
              <span className="truncate text-ink">{device.name}</span>
              <Copyable text={device.address} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
