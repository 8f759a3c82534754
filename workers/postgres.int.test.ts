import { describeWorkers } from "./testing/suite";

describeWorkers("PostgreSQL", async () => ({ settings: { REDIS_URL: "" }, stop: async () => {} }));
