"use client";

import { useQuery } from "@tanstack/react-query";
import { ShieldOff } from "lucide-react";
import { useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { Badge } from "../../../_ui/badge";
import { Button } from "../../../_ui/button";
import { Card } from "../../../_ui/card";
import { Copyable } from "../../../_ui/copyable";
import { EmptyState } from "../../../_ui/empty-state";
import { Input } from "../../../_ui/input";
import { PageHeader } from "../../../_ui/page-header";
import { SkeletonText } from "../../../_ui/skeleton";
import { Status } from "../../../_ui/status-dot";
import { TimeAgo } from "../../../_ui/time-ago";
import { NotShown } from "../_components/not-shown";
import { describeRule } from "./describe-rule";
import { deviceLinks } from "./device-links";

type Reachable = Api["portal"]["reach"][number];

/** Every device that is open to me, by the policy that opens it. */
export function Reach() {
  const trpc = useTRPC();
  const [search, setSearch] = useState("");
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
      {reach.data && reach.data.length > 0 && (
        <Input
          type="search"
          aria-label="Search devices"
          placeholder="Search by name or address"
          className="mb-4 sm:max-w-88"
          value={search}
          onValueChange={setSearch}
        />
      )}
      <div className="flex flex-col gap-5">
        {reach.data?.map((policy) => (
          <Policy key={`${policy.policyName} ${policy.until?.getTime()}`} policy={policy} search={search} />
        ))}
      </div>
    </>
  );
}

const atOnce = 50;

function Policy({ policy, search }: { policy: Reachable; search: string }) {
  const [shown, setShown] = useState(atOnce);
  const wanted = search.trim().toLowerCase();
  const fitting = policy.devices.filter(({ name, address, dnsName }) =>
    [name, address, dnsName].some((text) => text.toLowerCase().includes(wanted)),
  );
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
      ) : fitting.length === 0 ? (
        <p className="px-4 py-3 text-muted">None of its devices fits.</p>
      ) : (
        <ul>
          {fitting.slice(0, shown).map((device) => (
            <ReachableDevice key={device.id} device={device} rules={policy.rules} />
          ))}
        </ul>
      )}
      {fitting.length > shown && (
        <div className="px-4 py-2">
          <Button size="sm" onClick={() => setShown(shown + atOnce)}>
            Show {plural(Math.min(atOnce, fitting.length - shown), "more device", "more devices")}
          </Button>
        </div>
      )}
    </Card>
  );
}

interface ReachableDeviceProps {
  device: Reachable["devices"][number];
  rules: Reachable["rules"];
}

/** A device by its name, whether it is up where that is known, and what opens it. */
function ReachableDevice({ device, rules }: ReachableDeviceProps) {
  // Only what dials in by itself has a name in DNS.
  const host = device.isUp === null ? device.address : device.dnsName;
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line/70 px-4 py-2 last:border-b-0">
      <span className="flex min-w-0 flex-1 basis-48 flex-wrap items-center gap-x-3">
        <span className="truncate text-ink">{device.name}</span>
        {device.isUp !== null && (
          <Status tone={device.isUp ? "ok" : "neutral"}>{device.isUp ? "Up" : "Not connected"}</Status>
        )}
      </span>
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {deviceLinks(host, rules).map(({ label, href }) => (
          <a key={href} href={href} className="text-brand-text underline underline-offset-2">
            {label}
          </a>
        ))}
        {device.isUp !== null && <Copyable text={device.dnsName} />}
        <Copyable text={device.address} />
      </span>
    </li>
  );
}
