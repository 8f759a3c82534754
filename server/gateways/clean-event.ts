/**
 * What a gateway tells comes in part from its clients, and a gateway may be captured: nothing in an event may stop the
 * batch that it is in. Texts lose what PostgreSQL cannot hold and are cut to length; an event whose ids, times or
 * numbers are none is left out.
 */
import type {
  GatewayEvent,
  Holder,
  PolicyUse,
  RefusedFlow,
  RefusedPackets,
  RuleUse,
  TenantTotals,
} from "@/gateway/protocol/events";
import { nilTenant } from "../core/db";

/** @returns undefined for what is no event */
export function cleanEvent(event: GatewayEvent): GatewayEvent | undefined {
  if (!isTime(event.at)) return undefined;
  switch (event.type) {
    case "totals":
      if (!Array.isArray(event.tenants)) return undefined;
      return { ...event, tenants: event.tenants.map(cleanTotals).filter((totals) => totals !== undefined) };
    case "used":
      if (!Array.isArray(event.tenants)) return undefined;
      return { ...event, tenants: event.tenants.map(cleanUse).filter((use) => use !== undefined) };
    case "refused_packets":
      if (!Array.isArray(event.tenants)) return undefined;
      return { ...event, tenants: event.tenants.map(cleanRefused).filter((refused) => refused !== undefined) };
    case "bytes":
      return hasTotals(event) ? event : undefined;
    case "moved":
      return isSession(event) ? { ...event, realAddress: peer(event.realAddress) } : undefined;
    case "disconnected":
      if (!hasTotals(event)) return undefined;
      return { ...event, code: text(event.code, 40) as typeof event.code, reason: textOrNull(event.reason, 500) };
    case "connected":
      if (!isSession(event) || !isHolder(event) || !isAddress(event.vpnAddress)) return undefined;
      if (!Number.isInteger(event.clientId) || event.clientId < 0 || event.clientId > 2_147_483_647) return undefined;
      return {
        ...event,
        processBoot: text(event.processBoot, 100),
        process: text(event.process, 40),
        realAddress: peer(event.realAddress),
        fingerprint: text(event.fingerprint, 100),
        clientVersion: textOrNull(event.clientVersion, 100),
        platform: textOrNull(event.platform, 100),
        cipher: textOrNull(event.cipher, 100),
      };
    case "refused":
      if (!(event.tenantId === null || isTenantId(event.tenantId))) return undefined;
      return {
        ...event,
        accountId: isId(event.accountId) ? event.accountId : null,
        deviceId: isId(event.deviceId) ? event.deviceId : null,
        code: text(event.code, 40) as typeof event.code,
        reason: text(event.reason, 500),
        realAddress: peer(event.realAddress),
        process: text(event.process, 40),
      };
    case "confirmed":
      return cleanConfirmed(event);
    default:
      return undefined;
  }
}

const id = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const isId = (value: unknown) => typeof value === "string" && id.test(value);

/** One of the two, and never both. */
const isHolder = ({ accountId, deviceId }: Omit<Holder, "tenantId">) =>
  (deviceId ?? null) === null ? isId(accountId) : isId(deviceId) && accountId === null;

/** The nil tenant is ours: what is of nobody known has null. */
const isTenantId = (value: unknown) => isId(value) && value !== nilTenant;

const time = /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d\d\dZ$/;

function isTime(value: unknown): boolean {
  if (typeof value !== "string" || !time.test(value)) return false;
  // Not every month has a 29th, 30th and 31st.
  return value < `${value.slice(0, 8)}29` || isDay(value);
}

/** A date that is none, such as 31 February, is no date at all or another day. */
function isDay(value: string): boolean {
  const parsed = new Date(value);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString() === value;
}

const isAddress = (value: unknown) =>
  typeof value === "string" &&
  /^(\d{1,3}\.){3}\d{1,3}$/.test(value) &&
  value.split(".").every((part) => Number(part) < 256);

const isTotal = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

function isSession({ sessionId, tenantId, connectedAt }: { sessionId: string; tenantId: string; connectedAt: string }) {
  return isId(sessionId) && isTenantId(tenantId) && isTime(connectedAt);
}

function hasTotals(event: Parameters<typeof isSession>[0] & { received: number; sent: number }) {
  return isSession(event) && isTotal(event.received) && isTotal(event.sent);
}

/** Without the readings that are none. */
function cleanTotals(totals: TenantTotals): TenantTotals | undefined {
  const { tenantId, sessionIds, connectedAts, received, sent } = totals ?? {};
  if (!isTenantId(tenantId) || ![sessionIds, connectedAts, received, sent].every(Array.isArray)) return undefined;
  const isReading = (_: unknown, n: number) =>
    isId(sessionIds[n]) && isTime(connectedAts[n]) && isTotal(received[n]) && isTotal(sent[n]);
  if (sessionIds.every(isReading)) return totals;
  return {
    tenantId,
    sessionIds: sessionIds.filter(isReading),
    connectedAts: connectedAts.filter(isReading),
    received: received.filter(isReading),
    sent: sent.filter(isReading),
  };
}

/** Without the counts that are none. */
function cleanUse(use: PolicyUse): PolicyUse | undefined {
  const { tenantId, policyIds, bytes, packets, rules } = use ?? {};
  if (!isTenantId(tenantId) || ![policyIds, bytes, packets].every(Array.isArray)) return undefined;
  const isCount = (_: unknown, n: number) => isId(policyIds[n]) && isDelta(bytes[n]) && isDelta(packets[n]);
  return {
    tenantId,
    policyIds: policyIds.filter(isCount),
    bytes: bytes.filter(isCount),
    packets: packets.filter(isCount),
    rules: Array.isArray(rules) ? rules.filter(isRuleUse) : [],
  };
}

function isRuleUse(use: RuleUse): boolean {
  const { protocol, from, to } = use?.rule ?? {};
  if (!isId(use?.policyId) || !isDelta(use.bytes) || !isDelta(use.packets)) return false;
  if (protocol !== "tcp" && protocol !== "udp") return protocol === "icmp" && from === null && to === null;
  return (from === null && to === null) || (isPort(from) && isPort(to));
}

/** Without the flows that are none. */
function cleanRefused(refused: RefusedPackets): RefusedPackets | undefined {
  const { tenantId, flows } = refused ?? {};
  return isTenantId(tenantId) && Array.isArray(flows) ? { tenantId, flows: flows.filter(isRefusedFlow) } : undefined;
}

function isRefusedFlow(flow: RefusedFlow): boolean {
  if (!flow || !isHolder(flow) || !isAddress(flow.destination)) return false;
  if (!(flow.targetId === null || isId(flow.targetId)) || !isDelta(flow.packets)) return false;
  if (flow.protocol === "icmp") return flow.port === null;
  if (flow.protocol !== "tcp" && flow.protocol !== "udp") return false;
  return isPort(flow.port);
}

const isPort = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;

/** Of one interval: what is more is none, and would one day fill the column to which it is added. */
const isDelta = (value: unknown) => isTotal(value) && (value as number) < 1e15;

function cleanConfirmed(
  event: GatewayEvent & { type: "confirmed"; sessions?: { tenantId: string; sessionId: string }[] },
) {
  // Agents before `tenants` named each session with its tenant.
  const former = () => event.sessions?.map((one) => ({ tenantId: one?.tenantId, sessionIds: [one?.sessionId] }));
  const tenants = event.tenants ?? (Array.isArray(event.sessions) ? former() : undefined);
  if (!Array.isArray(tenants)) return undefined;
  return {
    ...event,
    tenants: tenants
      .filter((live) => isTenantId(live?.tenantId) && Array.isArray(live.sessionIds))
      .map(({ tenantId, sessionIds }) => ({ tenantId, sessionIds: sessionIds.filter(isId) })),
  };
}

/** People read where a session came from in what they are told, so a gateway writes no words there. */
function peer(value: unknown): string {
  const said = text(value, 100);
  return /^(\[?[0-9a-f.:]+\]?(:\d+)?|elsewhere)$/i.test(said) ? said : "an unknown address";
}

function text(value: unknown, most: number): string {
  return String(value ?? "")
    .slice(0, most)
    .replace(/\p{Cc}|\p{Cs}/gu, "�");
}

const textOrNull = (value: unknown, most: number) => (value === null || value === undefined ? null : text(value, most));
