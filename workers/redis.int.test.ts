import { startTestRedis } from "../e2e/support/redis";
import { describeWorkers } from "../e2e/support/workers-suite";

describeWorkers("Redis", async () => {
  const redis = await startTestRedis();
  return { settings: { REDIS_URL: redis.url }, stop: redis.stop };
});
