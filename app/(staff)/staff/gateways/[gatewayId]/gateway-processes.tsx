"use client";

import { formatNumber, plural } from "../../../../_lib/format";
import { Card } from "../../../../_ui/card";
import { Status } from "../../../../_ui/status-dot";
import { TimeAgo } from "../../../../_ui/time-ago";
import type { Tone } from "../../../../_ui/tone";
import type { Gateway } from "../gateway-status";

/** What it is to run, beside what it says that it runs. */
export function GatewayProcesses({ gateway }: { gateway: Gateway }) {
  return (
    <Card title="Processes" description="One openvpn each, with its own port and tunnel." padding="none">
      <ul>
        {gateway.processes.map((process) => {
          const running = gateway.state?.processes.find((each) => each.name === process.name);
          const status = running?.status ?? "unknown";
          return (
            <li
              key={process.name}
              className="flex min-h-12 items-center gap-3 border-b border-line/70 px-4 py-1.5 last:border-b-0"
            >
              <span className="min-w-0 flex-1">
                <span className="block truncate font-mono text-xs">{process.name}</span>
                <span className="block text-xs text-faint">
                  {process.protocol} {process.port}
                  {running?.restarts ? ` · restarted ${plural(running.restarts, "time")}` : ""}
                </span>
              </span>
              <span className="text-right text-xs text-muted">
                <span className="block">{running ? plural(running.sessions, "session") : "–"}</span>
                {running?.startedAt && (
                  <span className="block text-faint">
                    since <TimeAgo date={running.startedAt} />
                  </span>
                )}
              </span>
              <span className="w-24 shrink-0 text-sm">
                <Status tone={tones[status]}>{status}</Status>
              </span>
            </li>
          );
        })}
      </ul>
      {gateway.state && (
        <p className="border-t px-4 py-2 text-xs text-faint">
          {formatNumber(gateway.state.sessions)} sessions in all · openvpn {gateway.state.openvpnVersion}
        </p>
      )}
    </Card>
  );
}

const tones: Record<"starting" | "running" | "stopped" | "unknown", Tone> = {
  starting: "info",
  running: "ok",
  stopped: "bad",
  unknown: "neutral",
};
