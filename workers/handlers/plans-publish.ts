import { publishCeilings } from "../../server/plans/ceilings";
import type { plansPublish } from "../../server/plans/jobs";
import type { Handler } from "../handler";

/** Idempotent: a tenant that has its plan's ceiling is found no more. */
const handle: Handler<typeof plansPublish> = (_, { log, signal }) => publishCeilings(log, signal);
export default handle;
