"use client";

import type { Api } from "../../../_lib/api-types";
import { Confirmed, TwoLines } from "../../../_sessions/session-cells";
import { Status } from "../../../_ui/status-dot";
import { DateTime, Elapsed } from "../../../_ui/time-ago";

type Device = Pick<Api["devices"]["get"], "attachment" | "presence">;

/** Whether a device on a tunnel of its own is there, since when and where; of a routed one nobody knows. */
export function DevicePresence({ device: { attachment, presence } }: { device: Device }) {
  if (attachment === "routed") return <span className="text-faint">routed</span>;
  if (!presence) return <Status tone="neutral">never connected</Status>;
  const { isOnline, since, gatewayName, region, realAddress, confirmedAt, endReason } = presence;
  if (!isOnline)
    return (
      <TwoLines
        top={
          <Status tone="bad">
            <span>
              offline since <DateTime date={since} />
            </span>
          </Status>
        }
        bottom={endReason ?? `last at ${gatewayName}`}
      />
    );
  return (
    <TwoLines
      top={
        <Status tone="ok" pulse>
          <span>
            online for <Elapsed since={since} />
          </span>
        </Status>
      }
      bottom={
        <>
          {[region, gatewayName].filter(Boolean).join(", ")} from <span className="font-mono">{realAddress}</span>,
          confirmed <Confirmed session={{ confirmedAt: confirmedAt }} />
        </>
      }
    />
  );
}
