/**
 * What a gateway may answer. It may have been captured: a reply that is longer, or says more, than any gateway of ours would
 * is refused as a whole, and unknown fields are left out, before anything of it is stored or shown. Events have a check of
 * their own (clean-event.ts), for one that makes no sense must not keep back the others.
 */
import { z } from "zod";
import {
  type DigestReply,
  eventsReplyBytes,
  type GatewayStateReply,
  type PushConflict,
  type PushReply,
  type RenewalReply,
  type SessionReply,
} from "@/gateway/protocol/api";

/** A state names each tenant once, in some 50 bytes: room for 100,000 of them. */
export const mostReplyBytes = 8 * 1024 * 1024;
/** The last event of a reply may be one that lists every session of the gateway. */
export const mostEventsBytes = eventsReplyBytes + mostReplyBytes;

/** What PostgreSQL cannot hold is no text either. */
const text = (most: number) =>
  z.string().transform((value) => value.slice(0, most).replace(/\p{Cc}|\p{Cs}/gu, "\ufffd"));
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const time = text(40);
const id = text(40);
const protocol = z.enum(["udp", "tcp"]);

const processState = z.object({
  name: text(40),
  protocol,
  port: count,
  pid: count.nullable(),
  boot: text(100),
  status: z.enum(["starting", "running", "stopped"]),
  startedAt: time.nullable(),
  sessions: count,
  restarts: count,
  drain: z.object({ startedAt: time, from: count }).nullish(),
  certificateNotAfter: time.nullish(),
});

export const stateReply: z.ZodType<GatewayStateReply> = z.object({
  gatewayId: id,
  epoch: text(100),
  agentVersion: text(100),
  openvpnVersion: text(100),
  startedAt: z.iso.datetime(),
  now: z.iso.datetime().optional(),
  configVersion: count,
  revisions: z.record(z.string().regex(/^[0-9a-f-]{36}$/), count),
  processes: z.array(processState).max(64),
  isInMaintenance: z.boolean().optional(),
  sessions: count.max(2_147_483_647),
  lastSequence: count,
  spooled: count.max(2_147_483_647),
  certificateNotAfter: z.iso.datetime(),
  certificateNotBefore: z.iso.datetime().optional(),
  locations: text(64).optional(),
  links: z
    .array(z.object({ peer: id, isUp: z.boolean(), since: time, received: count, sent: count }))
    .max(250)
    .optional(),
  memoryBytes: amount,
  host: z
    .object({ busySeconds: amount, totalSeconds: amount, memoryBytes: amount, memoryAvailableBytes: amount })
    .optional(),
  warnings: z.array(z.object({ code: text(100), message: text(1_000) })).transform((all) => all.slice(0, 50)),
});

export const pushReply: z.ZodType<PushReply> = z.object({
  revision: count,
  tookMs: amount,
  ended: z.array(id).max(1_000_000),
});
export const pushConflict: z.ZodType<PushConflict> = z.object({ revision: count });
export const digestReply: z.ZodType<DigestReply> = z.object({ revision: count, digest: text(64) });
export const sessionReply: z.ZodType<SessionReply> = z.object({ silentMs: amount, isHeard: z.boolean() });
export const renewalReply: z.ZodType<RenewalReply> = z.object({ csr: z.string().max(20_000) });
