/**
 * `npm run test:faults`: a whole installation under load, to which one thing after another is done at random moments; after
 * each it must be whole again. Short by default, for `npm test`: as many faults as there is time for, of those that pass
 * quickly, in an order that the seed gives. `-- --minutes 10 --seed 7` goes on for longer, with all of them and two gateways;
 * `-- --only PATTERN` does once each of those whose name matches.
 */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { findCommand } from "../../scripts/support/bootstrap.mjs";
import { findLabObstacle } from "../lab/network";
import { createWorld, type WorldGateway } from "../lab/world";
import { buildAppOnce, startApp } from "./app";
import { checks } from "./checks";
import { FakeClock } from "./fake-clock";
import { type Fault, faults, mountSmallDisk, type Scene, unmount, untilAnswering } from "./faults";
import { Load } from "./load";
import { Random } from "./random";
import { startRedis } from "./redis";
import { Relay } from "./relay";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "0" },
    // With it a short run begins with a clock, the app, the agent and PostgreSQL, should there be time for no more.
    seed: { type: "string", default: "1824" },
    gateways: { type: "string" },
    only: { type: "string" },
    lab: { type: "string", default: "239" },
  },
});
const minutes = Number(values.minutes);
const random = new Random(Number(values.seed));
/** A short run begins no further fault then: on a machine that is slow today it is one of fewer faults. */
const shortMs = 70_000;
/** A short run has these at least, however slow the machine, and at most. */
const [fewest, most] = [2, 7];
/** For what is done by a fault itself: processes that start again. */
const overWithinMs = 240_000;
/** Generous, for a machine that does much else. */
const wholeWithinMs = 180_000;
const obstacle = findLabObstacle();
if (obstacle) {
  console.log(`NOT RUN: ${obstacle}`);
  process.exit(1);
}
const setUpAt = performance.now();
await buildAppOnce(tmpdir());
/** The build is not counted: within `npm test` the browser tests do without it then. */
const beganAt = performance.now();
const say = (text: string) =>
  console.log(`${((performance.now() - beganAt) / 1000).toFixed(1).padStart(7)} s  ${text}`);

say(`seed ${random.seed}`);
const relays: Relay[] = [];
const disks: string[] = [];
const clocks: FakeClock[] = [];
const redis = findCommand("redis-server") ? await startRedis() : null;
if (redis) process.env.REDIS_URL = redis.url;
const world = await createWorld({
  labNumber: Number(values.lab),
  gateways: Number(values.gateways ?? (minutes > 0 ? 2 : 1)),
  async through(host, port) {
    const relay = await Relay.to(host, port);
    relays.push(relay);
    return { host: "127.0.0.1", port: relay.port };
  },
  prepareStateDir(path) {
    if (mountSmallDisk(path)) disks.push(path);
  },
  agentEnv(stateDir) {
    const clock = new FakeClock(stateDir);
    clocks.push(clock);
    return clock.env();
  },
  releaseStateDir(path) {
    if (disks.includes(path)) unmount(path);
  },
});
const owner = new pg.Pool({ connectionString: world.ownerUrl, max: 2 });
// It is killed now and then.
owner.on("error", () => {});
const app = await startApp(world);
const load = new Load(world, app.admin, random);
const scene: Scene = {
  ...{ world, app, load, random, redis, hasSmallDisks: disks.length === world.gateways.length },
  clocks: new Map(world.gateways.map((gateway, n) => [gateway, clocks[n]!])),
  relays: new Map(world.gateways.map((gateway, n) => [gateway, relays[n]!])),
  query: async (text, parameters) => (await owner.query(text, parameters)).rows,
};
const count = { faults: new Map<string, number>(), checks: new Map<string, number>(), failed: 0 };
const tally = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
const sum = (counts: Map<string, number>) => [...counts.values()].reduce((total, one) => total + one, 0);
try {
  await load.begin(3);
  say(`${world.gateways.length} gateway(s), ${redis ? "Redis" : "PostgreSQL"} for the queue; the load is on`);
  for (const fault of choose()) {
    const gateway = random.pick(world.gateways);
    await endure(fault, gateway);
    if (count.failed > 0) break;
  }
} catch (error) {
  tally(count.checks, "the run goes to its end");
  count.failed += 1;
  console.error(error);
} finally {
  await load.end().catch(() => {});
  await owner.end().catch(() => {});
  for (const relay of relays) relay.close();
  await app.kill();
  await world.destroy();
  await redis?.end();
}
const passed = sum(count.checks) - count.failed;
for (const [title, counts] of [
  ["faults", count.faults],
  ["checks", count.checks],
] as const) {
  console.log(`${title}:`);
  for (const [name, times] of counts) console.log(`${String(times).padStart(5)} × ${name}`);
}
say(`${sum(count.faults)} faults, ${sum(count.checks)} checks after them (seed ${random.seed})`);
say(`${load.ackedNames.size} changes of devices acknowledged, ${load.unanswered} questions without an answer`);
console.log(`${passed} passed, ${count.failed} failed`);
if (process.env.DRAWBRIDGE_OUTCOME) {
  const seconds = (performance.now() - setUpAt) / 1000;
  const outcome = { name: "faults", passed, failed: count.failed, skipped: 0, seconds };
  writeFileSync(process.env.DRAWBRIDGE_OUTCOME, JSON.stringify(outcome));
}
process.exit(count.failed > 0 ? 1 : 0);

/** Which faults, in their order: by the seed alone. */
function* choose(): Generator<Fault> {
  const possible = faults.filter((fault) => {
    const why = fault.obstacle?.(scene) ?? null;
    if (why) say(`left out: ${fault.name}: ${why}`);
    return !why && (!values.only || new RegExp(values.only).test(fault.name));
  });
  if (minutes === 0 && values.only) return yield* possible;
  const order = new Random(random.seed);
  if (minutes === 0) {
    for (const [n, fault] of order.shuffle(possible.filter(({ isShort }) => isShort)).entries()) {
      if (n >= most || (n >= fewest && performance.now() - beganAt > shortMs)) return;
      yield fault;
    }
    return;
  }
  let bag: Fault[] = [];
  while (performance.now() - beganAt < minutes * 60_000) {
    if (bag.length === 0) bag = order.shuffle(possible);
    yield bag.pop()!;
  }
}

async function endure(fault: Fault, gateway: WorldGateway): Promise<void> {
  load.goOn();
  await delay(random.between(500, 2_500));
  say(fault.name + (world.gateways.length > 1 ? ` (${gateway.name})` : ""));
  load.isBroken = true;
  await Promise.race([
    fault.run(scene, gateway),
    delay(overWithinMs).then(() => {
      throw new Error(`${fault.name}: what was taken away does not come back`);
    }),
  ]);
  tally(count.faults, fault.name);
  const overAt = performance.now();
  for (const one of world.gateways) await untilAnswering(one, scene);
  // The agent has looked at whom openvpn has: whoever leaves now is seen to leave.
  await delay(1_000);
  load.isBroken = false;
  await load.rest();
  for (const check of checks) {
    const complaint = await untilWell(() => check.look(scene, load));
    tally(count.checks, check.name);
    if (complaint === null) continue;
    count.failed += 1;
    say(`FAILED after ${fault.name}: ${check.name}: ${complaint}`);
    console.error(world.workers.output().slice(-3_000));
    console.error(app.log().slice(-2_000));
    console.error(gateway.log().slice(-3_000));
  }
  say(`  whole again within ${((performance.now() - overAt) / 1000).toFixed(1)} s`);
}

/** @returns the last complaint where it never came right */
async function untilWell(look: () => Promise<string | null>): Promise<string | null> {
  const deadline = performance.now() + wholeWithinMs;
  for (;;) {
    const complaint = await look().catch((error: Error) => error.message);
    if (complaint === null || performance.now() > deadline) return complaint;
    await delay(200);
  }
}
