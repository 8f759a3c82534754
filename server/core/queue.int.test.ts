import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRedis } from "../../e2e/support/redis";
import { until } from "../../e2e/support/scene";
import { gatewayCollect, gatewaySweep } from "../gateways/jobs";
import { closeQueues, enqueue, queueOf, schedule } from "./queue";

let redis: Awaited<ReturnType<typeof startTestRedis>>;
let client: Redis;

beforeAll(async () => {
  redis = await startTestRedis();
  process.env.REDIS_URL = redis.url;
  client = new Redis(redis.url);
});
afterAll(async () => {
  await closeQueues();
  client.disconnect();
  await redis.stop();
});

test("what runs every so often goes on after the queue has lost what it held", async () => {
  await schedule(gatewaySweep, {}, 60_000);
  const isScheduled = async () => !!(await queueOf(gatewaySweep.name).getJobScheduler(gatewaySweep.name));
  expect(await isScheduled()).toBe(true);
  await client.flushall();
  expect(await isScheduled()).toBe(false);
  await until("it is scheduled again", isScheduled, 30_000);
});

test("no job gets the name of one that the queue has forgotten and that may still run", async () => {
  const add = async () => {
    await enqueue(gatewayCollect, { gatewayId: "00000000-0000-4000-8000-000000000001" });
    const [job] = await queueOf(gatewayCollect.name).getWaiting();
    return job!.id;
  };
  const before = await add();
  await client.flushall();
  expect(await add()).not.toBe(before);
});
