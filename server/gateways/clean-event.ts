/**
 * What a gateway tells comes in part from its clients, and a gateway may be captured: nothing in an event may stop the
 * batch that it is in. Texts lose what PostgreSQL cannot hold and are cut to length; an event whose ids, times or
 * numbers are none is left out.
 */
import type { GatewayEvent } from "@/gateway/protocol/events";

/** @returns undefined for what is no event */
export function cleanEvent(event: GatewayEvent): GatewayEvent | undefined {
  if (!isTime(event.at)) return undefined;
  switch (event.type) {
    case "bytes":
      return hasTotals(event) ? event : undefined;
    case "disconnected":
      if (!hasTotals(event)) return undefined;
      return { ...event, code: text(event.code, 40) as typeof event.code, reason: textOrNull(event.reason, 500) };
    case "connected":
      if (!isSession(event) || !isId(event.accountId) || !isAddress(event.vpnAddress)) return undefined;
      if (!Number.isInteger(event.clientId) || event.clientId < 0 || event.clientId > 2_147_483_647) return undefined;
      return {
        ...event,
        processBoot: text(event.processBoot, 100),
        process: text(event.process, 40),
        realAddress: text(event.realAddress, 100),
        fingerprint: text(event.fingerprint, 100),
        clientVersion: textOrNull(event.clientVersion, 100),
        platform: textOrNull(event.platform, 100),
        cipher: textOrNull(event.cipher, 100),
      };
    case "refused":
      if (!(event.tenantId === null || isId(event.tenantId))) return undefined;
      return {
        ...event,
        accountId: isId(event.accountId) ? event.accountId : null,
        code: text(event.code, 40) as typeof event.code,
        reason: text(event.reason, 500),
        realAddress: text(event.realAddress, 100),
        process: text(event.process, 40),
      };
    case "confirmed":
      if (!Array.isArray(event.sessions)) return undefined;
      return { ...event, sessions: event.sessions.filter((one) => isId(one?.sessionId) && isId(one?.tenantId)) };
    default:
      return undefined;
  }
}

const isId = (value: unknown) =>
  typeof value === "string" && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value);

function isTime(value: unknown): boolean {
  if (typeof value !== "string" || !/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ$/.test(value)) return false;
  const parsed = Date.parse(value);
  // Some dates that are none, such as 31 February, parse as another day.
  return !Number.isNaN(parsed) && (value < `${value.slice(0, 8)}29` || new Date(parsed).toISOString() === value);
}

const isAddress = (value: unknown) =>
  typeof value === "string" &&
  /^(\d{1,3}\.){3}\d{1,3}$/.test(value) &&
  value.split(".").every((part) => Number(part) < 256);

const isTotal = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

function isSession({ sessionId, tenantId, connectedAt }: { sessionId: string; tenantId: string; connectedAt: string }) {
  return isId(sessionId) && isId(tenantId) && isTime(connectedAt);
}

function hasTotals(event: Parameters<typeof isSession>[0] & { received: number; sent: number }) {
  return isSession(event) && isTotal(event.received) && isTotal(event.sent);
}

function text(value: unknown, most: number): string {
  return String(value ?? "")
    .slice(0, most)
    .replace(/\p{Cc}|\p{Cs}/gu, "�");
}

const textOrNull = (value: unknown, most: number) => (value === null || value === undefined ? null : text(value, most));
