import { startTestRedis } from "../e2e/support/redis";
import { describeWorkers } from "./testing/suite";

describeWorkers("Redis", async () => {
  const redis = await startTestRedis();
  return { settings: { REDIS_URL: redis.url }, stop: redis.stop };
});
