import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import type { LiveSession } from "../ledger/sessions";
import { SessionRoutes } from "./session-routes";

let live: LiveSession[];
let calls: string[];
let fails: boolean;
let kernel: Map<string, string>;
let routes: SessionRoutes;

beforeEach(() => {
  live = [];
  calls = [];
  fails = false;
  kernel = new Map();
  const call = async (name: string) => {
    if (fails) throw new Error("the kernel says no");
    calls.push(name);
  };
  routes = new SessionRoutes(
    {
      attach: (address, device) => call(`attach ${address} ${device}`),
      detach: (address, device) => call(`detach ${address} ${device}`),
      prepareTun: (device) => call(`prepare ${device}`),
      attached: async () => kernel,
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

  it("is put back where somebody took it away or led it elsewhere, and else left alone", async () => {
    await begin(session("1", "udp"));
    for (const [device, lost] of [
      ["db-udp", 0],
      [undefined, 1],
      ["db-tcp", 1],
    ] as const) {
      // biome-ignore format: a table
      kernel = new Map(device ? [["100.64.3.7", device]] : []);
      calls.length = 0;
      expect(await routes.verify()).toHaveLength(lost);
      expect(calls).toEqual([...Array(lost).fill("attach 100.64.3.7 db-udp"), "prepare db-udp"]);
    }
  });

  it("is not taken for lost while it is being set or taken away", async () => {
    const one = session("1", "udp");
    const verifying = routes.verify();
    await begin(one);
    expect(await verifying).toEqual([]);
    kernel = new Map();
    const [lost] = await Promise.all([routes.verify(), end(one)]);
    expect(lost).toEqual([]);
  });

  it("is set again when the process made a new device", async () => {
    const one = session("1", "udp");
    await begin(one);
    await routes.prepareTun("db-udp");
    await routes.sync(one);
    expect(calls).toEqual(["attach 100.64.3.7 db-udp", "prepare db-udp", "attach 100.64.3.7 db-udp"]);
  });
});
