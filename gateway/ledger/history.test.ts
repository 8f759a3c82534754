import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { EventsReply } from "../protocol/api";
import type { GatewayEvent } from "../protocol/events";
import { GatewayHistory, keyOf, steps } from "../testing/history";

const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
/** `HISTORIES=10000 npx vitest run gateway/ledger/history` for a long look; SEED repeats one. */
const runs = Number(process.env.HISTORIES ?? 500);

it("whatever happens to openvpn, agent, socket and clock, the ledger ends as the truth", {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom("replace" as const, "refuse" as const), async (history, secondSession) => {
      const plane = new Plane();
      const gateway = await GatewayHistory.begin({
        ...{ parent, tenantId: "acme", accountIds: ["ana", "bob", "cyd"], secondSession },
        commit: async (reply) => plane.commit(reply),
      });
      try {
        for (const step of history) await gateway.take(step);
        await gateway.comeToRest();
        const live = gateway.ledger.all();
        expect(live.map(keyOf).sort()).toEqual(gateway.truth());
        expect(new Set(live.map(({ accountId }) => accountId)).size).toBe(live.length);
        plane.expectWhole();
        expect(plane.live()).toEqual(live.map(({ sessionId }) => sessionId).sort());
      } finally {
        await gateway.close();
      }
    }),
    { numRuns: runs, ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}) },
  );
});

/** The other end, as plain as it can be. */
class Plane {
  #epoch = "";
  #events: GatewayEvent[] = [];

  commit({ epoch, events, isNewEpoch }: EventsReply): { epoch: string; cursor: number } {
    if (epoch !== this.#epoch) {
      if (!isNewEpoch) return this.#where();
      this.#epoch = epoch;
      this.#events = [];
    }
    this.#events.push(...events.filter(({ sequence }) => sequence > this.#events.length));
    return this.#where();
  }

  /** Numbered without a gap; each session begins once, ends at most once, and afterwards is spoken of no more. */
  expectWhole(): void {
    expect(this.#events.map(({ sequence }) => sequence)).toEqual(this.#events.map((_, at) => at + 1));
    const states = new Map<string, "live" | "ended">();
    for (const event of this.#events) {
      if (event.type === "connected") {
        expect(states.has(event.sessionId)).toBe(false);
        states.set(event.sessionId, "live");
      } else if (event.type === "disconnected" || event.type === "moved") {
        expect(states.get(event.sessionId)).toBe("live");
        if (event.type === "disconnected") states.set(event.sessionId, "ended");
      } else if (event.type === "totals") {
        const named = event.tenants.flatMap(({ sessionIds }) => sessionIds);
        expect(named.filter((sessionId) => states.get(sessionId) !== "live")).toEqual([]);
      }
    }
  }

  live(): string[] {
    const live = new Set<string>();
    for (const event of this.#events) {
      if (event.type === "connected") live.add(event.sessionId);
      if (event.type === "disconnected") live.delete(event.sessionId);
    }
    return [...live].sort();
  }

  #where = () => ({ epoch: this.#epoch, cursor: this.#events.length });
}
