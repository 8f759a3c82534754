import { Until } from "../_ui/time-ago";

/** "until 14:30: malware was found" */
export function BlockedUntil({ hold }: { hold: { until: Date; reason: string } }) {
  return (
    <>
      until <Until date={hold.until} />: {hold.reason}
    </>
  );
}
