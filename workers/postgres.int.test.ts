import { describeWorkers } from "../e2e/support/workers-suite";

describeWorkers("PostgreSQL", async () => ({ settings: { REDIS_URL: "" }, stop: async () => {} }));
