import type { gatewaySweep } from "../../server/gateways/jobs";
import { sweep } from "../../server/gateways/sweep";
import type { Handler } from "../handler";

/** Idempotent: it starts what should be running, and one that runs is not started twice. */
const handle: Handler<typeof gatewaySweep> = (_, { log }) => sweep(log);
export default handle;
