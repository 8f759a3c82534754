"use client";

import { formatDate, plural } from "../../../_lib/format";
import { useNow } from "../../../_ui/use-now";

/** How long a gateway's certificate still holds. */
export function CertificateEnd({ at }: { at: Date | null }) {
  const now = useNow(60_000);
  if (!at) return <span className="text-faint">none</span>;
  if (!now) return null;
  const days = Math.floor((at.getTime() - now.getTime()) / dayMs);
  const tone = days < 0 ? "text-bad-text" : days < 14 ? "text-warn-text" : "text-ink";
  return (
    <span className={tone} title={formatDate(at)}>
      {days < 0 ? "has ended" : `in ${plural(days, "day")}`}
    </span>
  );
}

const dayMs = 86_400_000;
