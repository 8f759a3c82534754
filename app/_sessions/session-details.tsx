"use client";

import type { ReactNode } from "react";
import { formatBytes, formatRate } from "../_lib/format";
import { Badge } from "../_ui/badge";
import { Callout } from "../_ui/callout";
import { Copyable } from "../_ui/copyable";
import { KeyValue } from "../_ui/key-value";
import { Plot } from "../_ui/plot";
import { Skeleton } from "../_ui/skeleton";
import { DateTime, Elapsed } from "../_ui/time-ago";
import type { Session, TrafficSample } from "./session";
import { Confirmed } from "./session-cells";

interface SessionDetailsProps {
  session: Session;
  /** undefined while they load. */
  samples: readonly TrafficSample[] | undefined;
  /** The account's or the device's name, as a link where it leads somewhere. */
  holder: ReactNode;
  tenant?: ReactNode;
}

/** Everything known of one session. */
export function SessionDetails({ session, samples, holder, tenant }: SessionDetailsProps) {
  const isLive = session.disconnectedAt === null;
  return (
    <div className="flex flex-col gap-5">
      {!isLive && (
        <Callout tone="neutral" title={session.endReason ?? "The session has ended"}>
          Ended <DateTime date={session.disconnectedAt} />
        </Callout>
      )}
      {samples ? (
        <Plot
          label="Traffic"
          times={samples.map((sample) => sample.at.getTime())}
          formatValue={formatRate}
          height={160}
          series={[
            { label: "To the client", values: samples.map((sample) => sample.sentRate), tone: "brand", kind: "area" },
            {
              label: "From the client",
              values: samples.map((sample) => sample.receivedRate),
              tone: "neutral",
              kind: "line",
            },
          ]}
        />
      ) : (
        <Skeleton className="h-48 w-full" />
      )}
      <KeyValue
        items={[
          {
            label: "State",
            value: isLive ? (
              <span className="inline-flex items-center gap-2">
                {session.isGatewaySilent ? (
                  <Badge tone="warn" dot>
                    Not known
                  </Badge>
                ) : (
                  <Badge tone="ok" dot="pulse">
                    Connected
                  </Badge>
                )}
                <span className="text-xs text-faint">
                  {session.isGatewaySilent ? "last confirmed" : "confirmed"} <Confirmed session={session} />
                </span>
              </span>
            ) : (
              <Badge>Ended</Badge>
            ),
          },
          { label: session.deviceId ? "Device" : "Account", value: holder },
          tenant ? { label: "Tenant", value: tenant } : null,
          { label: "VPN address", value: <Copyable text={session.vpnAddress} /> },
          { label: "Real address", value: <Copyable text={session.realAddress} /> },
          { label: "Region", value: session.region },
          { label: "Gateway", value: session.gatewayName },
          { label: "Process", value: session.process, mono: true },
          { label: "Client", value: [session.clientVersion, session.platform].filter(Boolean).join(" on ") },
          { label: "Cipher", value: session.cipher, mono: true },
          { label: "Connected", value: <DateTime date={session.connectedAt} /> },
          {
            label: isLive ? "For" : "Lasted",
            value: <Elapsed since={session.connectedAt} until={session.disconnectedAt} />,
          },
          {
            label: "To the client",
            value: `${formatBytes(session.sent)}${isLive ? ` at ${formatRate(session.sentRate)}` : ""}`,
          },
          {
            label: "From the client",
            value: `${formatBytes(session.received)}${isLive ? ` at ${formatRate(session.receivedRate)}` : ""}`,
          },
          { label: "Session", value: <Copyable text={session.id} /> },
        ]}
      />
    </div>
  );
}
