import { isIP } from "node:net";
import { env } from "../core/env";
import { peerHeader } from "../core/incoming";

/** The caller's network address: as the load balancer saw it where one is trusted, else the connection's own. */
export function callerAddress(headers: Headers): string {
  const peer = headers.get(peerHeader) ?? "";
  // The last one is what our own load balancer added; those before it are what its client claimed.
  const forwarded = env.TRUST_PROXY ? headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;
  const address = (forwarded && isIP(forwarded) ? forwarded : peer).replace(/^::ffff:/, "");
  return isIP(address) ? address : "unknown";
}
