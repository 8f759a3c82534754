/** A captured gateway says what it likes: what makes no sense is left out, and the rest is what the database can hold. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { EventsReply } from "@/gateway/protocol/api";
import { prepareEvents } from "./fold-events";

const id = "00000000-0000-4000-8000-000000000001";
const at = "2026-11-25T10:00:00.000Z";
const session = { sessionId: id, tenantId: id, connectedAt: at };
const events = [
  {
    ...{ type: "connected", sequence: 1, at, ...session, accountId: id, processBoot: "b", clientId: 1, process: "udp" },
    ...{ realAddress: "192.0.2.1:1", vpnAddress: "100.64.0.2", fingerprint: "f", clientVersion: null, platform: null },
    cipher: null,
  },
  { type: "bytes", sequence: 2, at, ...session, received: 1, sent: 2 },
  { type: "disconnected", sequence: 3, at, ...session, received: 1, sent: 2, code: "left", reason: null },
  {
    type: "refused",
    sequence: 4,
    at,
    tenantId: null,
    accountId: null,
    code: "c",
    reason: "r",
    realAddress: "x",
    process: "udp",
  },
  { type: "refused_packets", sequence: 5, at, tenants: [{ tenantId: id, flows: [] }] },
  { type: "confirmed", sequence: 6, at, sessions: [{ sessionId: id, tenantId: id }] },
];
const nasty = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: "binary", maxLength: 700 }),
  fc.constantFrom(
    "\0",
    "\ud800",
    "2026-02-31T00:00:00.000Z",
    "9999-01-01T00:00:00.000Z",
    "100.64.0.999",
    -1,
    1.5,
    2 ** 53,
    1e300,
  ),
);

/** A second alone; the machine may be busy. */
const patience = { timeout: 60_000 };

it("an event of any shape is folded into what can be stored, or passed over", patience, () => {
  const edit = fc.tuple(fc.nat(events.length - 1), fc.nat(20), nasty);
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 6 }), fc.array(fc.jsonValue(), { maxLength: 3 }), (edits, others) => {
      const list: unknown[] = structuredClone(events);
      for (const [event, key, value] of edits) {
        const target = list[event] as Record<string, unknown>;
        const keys = Object.keys(target);
        target[keys[key % keys.length]!] = value;
      }
      const reply = { epoch: "e", isNewEpoch: true, events: [...list, ...others] } as unknown as EventsReply;
      const { batches, count, valid } = prepareEvents(reply);
      expect(valid).toBeLessThanOrEqual(count);
      for (const [tenantId, batch] of batches) {
        expect(tenantId).toMatch(/^[0-9a-f-]{36}$/);
        for (const change of [...batch.started, ...batch.continued]) {
          const texts = [...Object.values(change.start ?? {}), ...Object.values(change.end ?? {})];
          for (const text of texts) if (typeof text === "string") expect(text).not.toMatch(/\0|\p{Cs}/u);
          expect(
            [change.newest.received, change.newest.sent].every((total) => Number.isSafeInteger(total) && total >= 0),
          ).toBe(true);
          expect(new Date(change.connectedAt).toISOString()).toBe(change.connectedAt);
        }
      }
    }),
    { numRuns: 400 },
  );
});
