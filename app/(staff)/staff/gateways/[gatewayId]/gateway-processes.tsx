"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { formatNumber, plural } from "../../../../_lib/format";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { Card } from "../../../../_ui/card";
import { ConfirmDialog } from "../../../../_ui/confirm-dialog";
import { Status } from "../../../../_ui/status-dot";
import { TimeAgo } from "../../../../_ui/time-ago";
import { toast } from "../../../../_ui/toast";
import type { Tone } from "../../../../_ui/tone";
import { useStaff } from "../../_lib/use-staff";
import type { Gateway } from "../gateway-status";
import { DrainPace } from "./drain-pace";
import { listProcesses, type ProcessRow, whyNotDrain } from "./processes";

/** What it is to run, beside what it says that it runs; each can be emptied. */
export function GatewayProcesses({ gateway }: { gateway: Gateway }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { whyNot } = useStaff();
  const drain = useMutation(trpc.gateways.drainProcess.mutationOptions());
  const [asked, setAsked] = useState<ProcessRow>();
  const [pace, setPace] = useState<number | undefined>(gateway.drainPerSecond);
  const processes = listProcesses(gateway);
  const change = async (process: string, isDraining: boolean) => {
    await drain.mutateAsync({ gatewayId: gateway.id, process, isDraining, perSecond: pace });
    await queryClient.invalidateQueries(trpc.gateways.pathFilter());
    toast.ok(isDraining ? `${process} is being drained` : `${process} takes connections again`);
  };
  return (
    <Card title="Processes" description={describeFronts(gateway)} padding="none">
      {processes.length === 0 && (
        <p className="px-4 py-6 text-center text-sm text-muted">One a core, once its agent has started.</p>
      )}
      <ul>
        {processes.map((process) => (
          <li key={process.name} className="border-b border-line/70 px-4 py-1.5 last:border-b-0">
            <div className="flex min-h-9 items-center gap-3">
              <span className="min-w-0 flex-1">
                <span className="block truncate font-mono text-xs">{process.name}</span>
                <span className="block text-xs text-faint">
                  {process.protocol} {process.port}
                  {process.restarts > 0 && ` · restarted ${plural(process.restarts, "time")}`}
                  {isBeforeRenewal(process.name, gateway) &&
                    " · shows the certificate from before the renewal until it rests"}
                </span>
              </span>
              <span className="text-right text-xs text-muted">
                <span className="block">{process.sessions === null ? "–" : plural(process.sessions, "session")}</span>
                {process.startedAt && (
                  <span className="hidden text-faint sm:block">
                    since <TimeAgo date={process.startedAt} />
                  </span>
                )}
              </span>
              <span className="w-20 shrink-0 text-sm sm:w-24">
                <Status tone={tones[process.status]}>{process.status}</Status>
              </span>
              <Button
                size="sm"
                variant="ghost"
                className="w-16 shrink-0 sm:w-20"
                aria-label={process.isDraining ? `Stop draining ${process.name}` : `Drain ${process.name}`}
                disabledReason={whyNot("gateways:write") ?? whyNotDrain(gateway, process)}
                onClick={() =>
                  process.isDraining ? change(process.name, false).catch(toast.error) : setAsked(process)
                }
              >
                {process.isDraining ? "Stop" : "Drain…"}
              </Button>
            </div>
            {process.progress && <DrainProgress {...process.progress} name={process.name} />}
          </li>
        ))}
      </ul>
      {gateway.state && (
        <p className="border-t px-4 py-2 text-xs text-faint">
          {plural(gateway.state.sessions, "session")} in all · openvpn {gateway.state.openvpnVersion}
        </p>
      )}
      <ConfirmDialog
        open={asked !== undefined}
        onOpenChange={(open) => !open && setAsked(undefined)}
        tone="primary"
        title={`Drain ${asked?.name}?`}
        description={`It takes no new connections, and its ${plural(asked?.sessions ?? 0, "session")} move to the others, each with a pause of about a second. Nobody is asked for a password. It stays drained until you stop it.`}
        confirmLabel="Drain process"
        onConfirm={() => change(asked!.name, true)}
      >
        <DrainPace value={pace} onValueChange={setPace} sessions={asked?.sessions ?? 0} />
      </ConfirmDialog>
    </Card>
  );
}

function DrainProgress({ name, from, left }: { name: string; from: number; left: number }) {
  const percent = left === 0 ? 100 : Math.round((Math.max(0, from - left) / Math.max(from, 1)) * 100);
  return (
    <div className="flex items-center gap-3 pb-1.5">
      <div
        role="progressbar"
        aria-label={`Drained of ${name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        className="h-1.5 flex-1 overflow-hidden rounded-full bg-line"
      >
        <div className="h-full rounded-full bg-accent transition-[width]" style={{ width: `${percent}%` }} />
      </div>
      <span className="text-xs text-muted">
        {left === 0 ? "empty" : `${formatNumber(left)} of ${formatNumber(Math.max(from, left))} left`}
      </span>
    </div>
  );
}

function describeFronts({ fronts }: Gateway): string {
  if (fronts.length === 0) return "One openvpn each, with its own port and tunnel.";
  const ports = fronts.map(({ protocol, port }) => `${protocol} ${port}`).join(", ");
  return `Clients connect to ${ports}; each new connection goes to the next process of its protocol.`;
}

/** The renewed certificate is taken up when that cuts off the fewest. */
function isBeforeRenewal(name: string, { state }: Gateway): boolean {
  const running = state?.processes.find((each) => each.name === name);
  return Boolean(running?.certificateNotAfter && state && running.certificateNotAfter < state.certificateNotAfter);
}

const tones: Record<ProcessRow["status"], Tone> = {
  starting: "info",
  running: "ok",
  draining: "warn",
  drained: "neutral",
  stopped: "bad",
  unknown: "neutral",
};
