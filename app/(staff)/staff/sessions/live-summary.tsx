"use client";

import { useQuery } from "@tanstack/react-query";
import { formatNumber, formatRate, plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { Stat, StatGroup } from "../../../_ui/stat";

export function LiveSummary() {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.live.summary.queryOptions(undefined, { refetchInterval: 15_000 }));
  return (
    <StatGroup className="mb-5">
      <Stat
        label="Connected"
        value={data && formatNumber(data.sessions)}
        detail={data && `of ${plural(data.tenants, "tenant")}, on ${plural(data.gateways.length, "gateway")}`}
      />
      <Stat label="To clients" value={data && formatRate(data.sentRate)} />
      <Stat label="From clients" value={data && formatRate(data.receivedRate)} />
      <Stat label="Connections refused, last hour" value={data && formatNumber(data.refusalsLastHour)} />
    </StatGroup>
  );
}
