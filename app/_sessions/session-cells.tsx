"use client";

import { ArrowDown, ArrowUp, Router } from "lucide-react";
import type { ReactNode } from "react";
import { formatBytes, formatRate, formatRelative } from "../_lib/format";
import { Copyable } from "../_ui/copyable";
import { useNow } from "../_ui/use-now";
import { nameOfHolder, type Session } from "./session";

/** A cell of two lines, the second quieter. */
export function TwoLines({ top, bottom }: { top: ReactNode; bottom: ReactNode }) {
  return (
    <span className="flex min-w-0 flex-col leading-4.5 max-sm:items-end">
      <span className="max-w-full truncate">{top}</span>
      <span className="max-w-full truncate text-xs text-faint">{bottom}</span>
    </span>
  );
}

/** A person's name, or a device's with its mark. */
export function HolderCell({ session }: { session: Session }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1.5">
      {session.deviceId && <Router role="img" aria-label="device" className="size-3.5 shrink-0 text-faint" />}
      <span className="truncate">{nameOfHolder(session)}</span>
    </span>
  );
}

/** The stable address in the VPN, and below it where the client really is. */
export function AddressCell({ session }: { session: Session }) {
  return (
    <TwoLines
      top={<Copyable text={session.vpnAddress} />}
      bottom={<Copyable text={session.realAddress} className="text-faint" />}
    />
  );
}

export function GatewayCell({ session }: { session: Session }) {
  return (
    <TwoLines
      top={
        <>
          {session.gatewayName} <span className="font-mono text-xs text-muted">{session.process}</span>
        </>
      }
      bottom={session.region}
    />
  );
}

export function ClientCell({ session }: { session: Session }) {
  const client = [session.clientVersion, session.platform].filter(Boolean).join(" · ");
  return <TwoLines top={client || "not told"} bottom={session.cipher ?? "cipher not told"} />;
}

/** Totals and, while the session lives, the present rate each way. */
export function TrafficCell({ session }: { session: Session }) {
  const isLive = session.disconnectedAt === null;
  return (
    <span className="inline-grid grid-cols-[auto_3.75rem_4.75rem] items-center gap-x-1.5 text-xs leading-4.5 whitespace-nowrap">
      <Flow
        label="sent to the client"
        icon={<ArrowDown aria-hidden />}
        total={session.sent}
        rate={isLive && session.sentRate}
      />
      <Flow
        label="received from the client"
        icon={<ArrowUp aria-hidden />}
        total={session.received}
        rate={isLive && session.receivedRate}
      />
    </span>
  );
}

function Flow({ label, icon, total, rate }: { label: string; icon: ReactNode; total: number; rate: number | false }) {
  return (
    <>
      <span className="text-faint [&_svg]:size-3" title={label}>
        {icon}
        <span className="sr-only">{label}: </span>
      </span>
      <span className="text-right">{formatBytes(total)}</span>
      <span className="text-right text-faint">{rate === false ? "" : formatRate(rate)}</span>
    </>
  );
}

/** "3 s ago", counting: how old the gateway's word for it is, and that there will be no newer one while it is silent. */
export function Confirmed({
  session: { confirmedAt: at, isGatewaySilent = false },
}: {
  session: { confirmedAt: Date | null; isGatewaySilent?: boolean };
}) {
  const now = useNow(1000);
  if (isGatewaySilent)
    return (
      <span className="text-warn-text">
        {at && now ? `${formatRelative(at, now)}; ` : ""}the gateway does not answer
      </span>
    );
  return <ConfirmedAgo at={at} />;
}

export function ConfirmedAgo({ at }: { at: Date | null }) {
  const now = useNow(1000);
  if (!at) return <span className="text-faint">not confirmed yet</span>;
  if (!now) return null;
  const ageMs = Math.max(0, now.getTime() - at.getTime());
  const text = formatRelative(new Date(now.getTime() - ageMs), now);
  return <span className={ageMs > staleMs ? "text-warn-text" : "text-faint"}>{text}</span>;
}

/** Gateways are compared every few seconds: past this, something keeps them from answering. */
const staleMs = 30_000;
