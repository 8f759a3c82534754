"use client";

import { useQuery } from "@tanstack/react-query";
import { ChartLine, Network } from "lucide-react";
import type { Api } from "../../_lib/api-types";
import { formatNumber, formatRate, plural } from "../../_lib/format";
import { useTRPC } from "../../_lib/trpc";
import { Badge } from "../../_ui/badge";
import { Card } from "../../_ui/card";
import { EmptyState } from "../../_ui/empty-state";
import { ErrorState } from "../../_ui/error-state";
import { KeyValue } from "../../_ui/key-value";
import { PageHeader } from "../../_ui/page-header";
import { Plot } from "../../_ui/plot";
import { Skeleton, SkeletonText } from "../../_ui/skeleton";
import { Stat, StatGroup } from "../../_ui/stat";
import { useTenant } from "../_lib/use-tenant";
import { isOnboarded, Onboarding } from "./_components/onboarding";
import { RecentChanges } from "./_components/recent-changes";

export default function OverviewPage() {
  const { tenantId, name, paths } = useTenant();
  const trpc = useTRPC();
  const overview = useQuery(trpc.tenants.overview.queryOptions({ tenantId }, { refetchInterval: 5_000 }));
  const data = overview.data;
  if (overview.error && !data)
    return <ErrorState error={overview.error} title="The overview could not be loaded" onRetry={overview.refetch} />;
  return (
    <>
      <PageHeader title={name} badge={data && <Badge>{data.plan.name} plan</Badge>} />
      <div className="flex flex-col gap-5">
        {data && !isOnboarded(data.onboarding) && <Onboarding done={data.onboarding} />}
        <StatGroup>
          <Stat
            label="Connected now"
            value={data && formatNumber(data.liveSessions)}
            unit={data && `of ${plural(data.accounts.active, "account")}`}
            href={paths.sessions}
          />
          <Stat
            label="Accounts"
            value={data && formatNumber(data.accounts.active)}
            unit={data && `of ${formatNumber(data.accounts.max)}`}
            detail={data && (data.accounts.revoked > 0 ? `${data.accounts.revoked} revoked` : "none revoked")}
            href={paths.accounts}
          />
          <Stat
            label="Devices"
            value={data && formatNumber(data.devices.total)}
            unit={data && `of ${formatNumber(data.devices.max)}`}
            detail={
              data &&
              data.devices.dialling > 0 &&
              `${data.devices.online} of ${data.devices.dialling} on tunnels online`
            }
            href={paths.devices}
          />
          <Stat label="Policies" value={data && formatNumber(data.policies)} href={paths.policies} />
        </StatGroup>
        <Card title="Traffic, last 24 hours" description="Over all sessions, as seen from the gateways">
          {data ? <Traffic samples={data.traffic} /> : <Skeleton className="h-45 w-full" />}
        </Card>
        <div className="grid gap-5 lg:grid-cols-[2fr_1fr]">
          <RecentChanges changes={data?.recentChanges} />
          <Card title="Networks" description="Behind the gateways, where your devices are">
            {!data ? (
              <SkeletonText lines={2} />
            ) : data.networks.length === 0 ? (
              <EmptyState icon={<Network aria-hidden />} title="No network yet" className="py-6">
                Devices need one to be in. Ask your account manager to add it.
              </EmptyState>
            ) : (
              <KeyValue items={data.networks.map(({ name: label, cidr }) => ({ label, value: cidr, mono: true }))} />
            )}
          </Card>
        </div>
      </div>
    </>
  );
}

type Sample = Api["tenants"]["overview"]["traffic"][number];

function Traffic({ samples }: { samples: readonly Sample[] }) {
  const isMoving = (sample: Sample) => sample.receivedRate > 0 || sample.sentRate > 0;
  if (!samples.some(isMoving))
    return (
      <EmptyState icon={<ChartLine aria-hidden />} title="No traffic in these 24 hours" className="py-6">
        It is drawn here, a point each quarter of an hour, once somebody is connected.
      </EmptyState>
    );
  // The quarter that is not over yet would always look like a drop; it is shown only while there is no other.
  const whole = samples.slice(0, -1);
  const shown = whole.some(isMoving) ? whole : samples;
  return (
    <Plot
      label="Traffic, last 24 hours"
      times={shown.map((sample) => sample.at.getTime())}
      series={[
        { label: "From people to devices", values: shown.map((sample) => sample.receivedRate), tone: "brand" },
        { label: "From devices to people", values: shown.map((sample) => sample.sentRate), tone: "neutral" },
      ]}
      formatValue={formatRate}
    />
  );
}
