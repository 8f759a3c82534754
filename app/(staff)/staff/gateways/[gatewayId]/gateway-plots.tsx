"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { formatBytes, formatCompact, formatNumber, formatPercent } from "../../../../_lib/format";
import { useTRPC } from "../../../../_lib/trpc";
import { Card } from "../../../../_ui/card";
import { ErrorState } from "../../../../_ui/error-state";
import { Plot } from "../../../../_ui/plot";
import { Skeleton } from "../../../../_ui/skeleton";
import { ToggleGroup } from "../../../../_ui/toggle-group";

const ranges = { hour: 1, day: 24, week: 168 } as const;
type Range = keyof typeof ranges;
const names: Record<Range, string> = { hour: "1 hour", day: "24 hours", week: "7 days" };
const options = (Object.keys(ranges) as Range[]).map((value) => ({ value, label: names[value] }));

/** How it was: sessions, what its host has to do, and what backs up. */
export function GatewayPlots({ gatewayId }: { gatewayId: string }) {
  const trpc = useTRPC();
  const [range, setRange] = useQueryState("range", parseAsStringLiteral(["hour", "day", "week"]).withDefault("hour"));
  const query = useQuery(
    trpc.gateways.samples.queryOptions(
      { gatewayId, hours: ranges[range] },
      { refetchInterval: 20_000, placeholderData: keepPreviousData },
    ),
  );
  const samples = query.data;
  const of = (what: string) => `${what}, last ${names[range]}`;
  return (
    <Card
      className="mb-4"
      title="Over time"
      actions={
        <ToggleGroup label="Time range" value={range} onValueChange={(next) => void setRange(next)} options={options} />
      }
    >
      {samples ? (
        <div className="grid gap-x-8 gap-y-5 md:grid-cols-2">
          <Plot
            label={of("Sessions")}
            times={samples.times}
            series={[{ label: "Sessions", values: samples.sessions, kind: "area" }]}
            formatValue={(value) => formatNumber(Math.round(value))}
            height={140}
          />
          <Plot
            label={of("The host's processors and memory")}
            times={samples.times}
            series={[
              { label: "Processors", values: samples.cpu, kind: "line" },
              { label: "Memory", values: samples.hostMemory, kind: "line", tone: "info" },
            ]}
            formatValue={formatPercent}
            height={140}
          />
          <Plot
            label={of("What backs up")}
            times={samples.times}
            series={[
              { label: "Revisions behind", values: samples.behind, kind: "line", tone: "warn" },
              { label: "Events waiting", values: samples.spooled, kind: "line", tone: "info" },
              { label: "Tenants that differ", values: samples.drifted, kind: "line", tone: "bad" },
            ]}
            formatValue={(value) => (value < 1_000 ? formatNumber(Math.round(value)) : formatCompact(value))}
            height={140}
          />
          <Plot
            label={of("The agent's memory")}
            times={samples.times}
            series={[{ label: "Agent's memory", values: samples.memory, kind: "area", tone: "neutral" }]}
            formatValue={formatBytes}
            height={140}
          />
        </div>
      ) : query.error ? (
        <ErrorState error={query.error} onRetry={query.refetch} isRetrying={query.isFetching} />
      ) : (
        <Skeleton className="h-80 w-full" />
      )}
    </Card>
  );
}
