import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import type { LiveSession } from "../ledger/sessions";
import { SessionRoutes } from "./session-routes";

let live: LiveSession[];
let calls: string[];
let fails: boolean;
let routes: SessionRoutes;

beforeEach(() => {
  live = [];
  calls = [];
  fails = false;
  const call = async (name: string) => {
    if (fails) throw new Error("the kernel says no");
    calls.push(name);
  };
  routes = new SessionRoutes(
    {
      attach: (address, device) => call(`attach ${address} ${device}`),
      detach: (address, device) => call(`detach ${address} ${device}`),
      prepareTun: (device) => call(`prepare ${device}`),
    },
    () => live,
    pino({ level: "silent" }),
  );
});

const session = (id: string, process: string) =>
  ({ sessionId: id, tenantId: "t", accountId: "a", vpnAddress: "100.64.3.7", process }) as LiveSession;

async function begin(one: LiveSession): Promise<void> {
  live.push(one);
  await routes.sync(one);
}
async function end(one: LiveSession): Promise<void> {
  live = live.filter((other) => other !== one);
  await routes.sync(one);
}

describe("the route of an address", () => {
  it("follows the newest session from process to process", async () => {
    const [first, second] = [session("1", "udp"), session("2", "tcp")];
    await begin(first);
    await begin(second);
    await end(first);
    await end(second);
    expect(calls).toEqual([
      "attach 100.64.3.7 db-udp",
      "attach 100.64.3.7 db-tcp",
      "detach 100.64.3.7 db-udp",
      "detach 100.64.3.7 db-tcp",
    ]);
  });

  it("stays when an older session of the same process ends", async () => {
    const [first, second] = [session("1", "udp"), session("2", "udp")];
    await begin(first);
    await begin(second);
    await end(first);
    expect(calls).toEqual(["attach 100.64.3.7 db-udp"]);
  });

  it("is not taken by the late end of a session that a newer one replaced meanwhile", async () => {
    const [first, second] = [session("1", "udp"), session("2", "udp")];
    await begin(first);
    live = [second];
    await Promise.all([routes.sync(first), routes.sync(second), routes.sync(first)]);
    expect(calls).toEqual(["attach 100.64.3.7 db-udp"]);
  });

  it("is tried again where the kernel refused", async () => {
    fails = true;
    const one = session("1", "udp");
    await begin(one);
    await routes.retry();
    expect(calls).toEqual([]);
    fails = false;
    await routes.retry();
    await routes.retry();
    expect(calls).toEqual(["attach 100.64.3.7 db-udp"]);
  });

  it("is set again when the process made a new device", async () => {
    const one = session("1", "udp");
    await begin(one);
    await routes.prepareTun("db-udp");
    await routes.sync(one);
    expect(calls).toEqual(["attach 100.64.3.7 db-udp", "prepare db-udp", "attach 100.64.3.7 db-udp"]);
  });
});
