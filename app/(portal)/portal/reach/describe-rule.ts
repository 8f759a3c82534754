import type { PolicyRule } from "@/gateway/protocol/document";

/** "tcp 22", "tcp 8000–8100", "udp, every port", "ping" */
export function describeRule({ protocol, from, to }: PolicyRule): string {
  if (protocol === "icmp") return "ping";
  if (from === null) return `${protocol}, every port`;
  return `${protocol} ${to === null || to === from ? from : `${from}–${to}`}`;
}
