"use client";

import { ArrowDown, ArrowUp } from "lucide-react";
import Link from "next/link";
import { formatBytes } from "../../../../_lib/format";
import { paths } from "../../../../_lib/paths";
import { Card } from "../../../../_ui/card";
import { Status } from "../../../../_ui/status-dot";
import { TimeAgo } from "../../../../_ui/time-ago";
import type { Tone } from "../../../../_ui/tone";
import type { Gateway } from "../gateway-status";

type LinkRow = Gateway["links"][number];

/** How its people reach devices that are at other gateways. */
export function GatewayLinks({ gateway }: { gateway: Gateway }) {
  const { links } = gateway;
  return (
    <Card
      title="Links"
      description="Over them people at one gateway reach devices that dialled in at another."
      padding="none"
    >
      {links.length === 0 && <p className="px-4 py-6 text-center text-sm text-muted">{whyNone(gateway)}</p>}
      <ul>
        {links.map((link) => (
          <li key={link.peerId} className="border-b border-line/70 px-4 py-2 last:border-b-0">
            <div className="flex min-h-7 items-center gap-3">
              <span className="min-w-0 flex-1">
                <Link className="block truncate text-sm hover:underline" href={paths.staff.gateway(link.peerId)}>
                  {link.peer}
                </Link>
                <span className="block truncate text-xs text-faint">{link.region}</span>
              </span>
              <span className="text-right text-xs text-muted">
                {link.status === "up" && <Traffic {...link} />}
                {link.since && (
                  <span className="block text-faint">
                    since <TimeAgo date={link.since} />
                  </span>
                )}
              </span>
              <span className="w-20 shrink-0 text-sm sm:w-24">
                <Status tone={tones[link.status]}>{link.status}</Status>
              </span>
            </div>
            {link.advice && <p className="pt-1 pb-0.5 text-xs text-pretty text-muted">{link.advice}</p>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Traffic({ received, sent }: LinkRow) {
  return (
    <span className="flex items-center justify-end gap-1 [&_svg]:size-3 [&_svg]:text-faint">
      <ArrowDown aria-hidden />
      <span className="sr-only">received: </span>
      {formatBytes(received)}
      <ArrowUp aria-hidden />
      <span className="sr-only">sent: </span>
      {formatBytes(sent)}
    </span>
  );
}

function whyNone({ enrolledAt }: Gateway): string {
  if (!enrolledAt) return "It is linked with the other gateways once it is enrolled.";
  return "There is no other gateway: devices and people all meet here.";
}

const tones: Record<LinkRow["status"], Tone> = { up: "ok", down: "bad", unknown: "neutral" };
