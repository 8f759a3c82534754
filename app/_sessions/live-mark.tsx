"use client";

import { Badge } from "../_ui/badge";

/** Whether what is on the screen follows what happens, by the state of its subscription. */
export function LiveMark({ status }: { status: "idle" | "connecting" | "pending" | "error" }) {
  if (status === "pending")
    return (
      <Badge tone="ok" dot="pulse">
        Live
      </Badge>
    );
  return (
    <Badge tone="warn" dot>
      {status === "error" ? "Not live: reload to try again" : "Connecting"}
    </Badge>
  );
}
