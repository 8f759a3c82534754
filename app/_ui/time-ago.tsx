"use client";

import { formatDateTime, formatDuration, formatRelative, formatUntil, formatUtc } from "../_lib/format";
import { cn } from "./cn";
import { useNow } from "./use-now";

interface TimeProps {
  date: Date | string | number | null | undefined;
  /** Shown when there is no date: "never". */
  fallback?: string;
  className?: string;
}

/** "3 min ago", kept right; the exact time in the reader's zone on hover. Renders UTC until the browser takes over. */
export function TimeAgo({ date, fallback = "–", className }: TimeProps) {
  const now = useNow(5000);
  if (date === null || date === undefined) return <span className={cn("text-faint", className)}>{fallback}</span>;
  const moment = new Date(date);
  // A moment after the last tick of the clock is now, not "in 2 s".
  const reading = now && moment > now && moment.getTime() <= Date.now() ? moment : now;
  return (
    <time
      dateTime={moment.toISOString()}
      title={now ? exact(moment) : undefined}
      className={cn("whitespace-nowrap", className)}
    >
      {reading ? formatRelative(moment, reading) : formatUtc(moment)}
    </time>
  );
}

/** "22 Nov 2026, 05:31:07" in the reader's zone. */
export function DateTime({ date, fallback = "–", className }: TimeProps) {
  const now = useNow(5000);
  if (date === null || date === undefined) return <span className={cn("text-faint", className)}>{fallback}</span>;
  const moment = new Date(date);
  return (
    <time
      dateTime={moment.toISOString()}
      title={now ? `${exact(moment)} · ${formatUtc(moment)}` : undefined}
      className={cn("whitespace-nowrap", className)}
    >
      {now ? formatDateTime(moment) : formatUtc(moment)}
    </time>
  );
}

/** "14:30", with the day where that is not today: when something ends. */
export function Until({ date }: { date: Date }) {
  const now = useNow(60_000);
  return (
    <time dateTime={date.toISOString()} title={now ? exact(date) : undefined} className="whitespace-nowrap">
      {now ? formatUntil(date, now) : formatUtc(date)}
    </time>
  );
}

/** How long something has been going on, counting each second: "2 min 14 s". Ends at `until`. */
export function Elapsed({
  since,
  until,
  className,
}: {
  since: Date | string | number;
  until?: Date | string | number | null;
  className?: string;
}) {
  const now = useNow(1000);
  const end = until === null || until === undefined ? now : new Date(until);
  return (
    <span className={cn("whitespace-nowrap", className)}>
      {end
        ? formatDuration(Math.max(0, Math.floor((end.getTime() - new Date(since).getTime()) / 1000) * 1000)).replace(
            "0 ms",
            "0 s",
          )
        : "–"}
    </span>
  );
}

function exact(date: Date): string {
  const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" })
    .formatToParts(date)
    .find((part) => part.type === "timeZoneName");
  return `${formatDateTime(date)} ${zone?.value ?? ""}`.trim();
}
