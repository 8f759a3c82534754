import { DateTime } from "../_ui/time-ago";

/** "until 25 Nov 2026, 14:30:00: malware was found" */
export function HeldUntil({ hold }: { hold: { until: Date; reason: string } }) {
  return (
    <>
      until <DateTime date={hold.until} />: {hold.reason}
    </>
  );
}
