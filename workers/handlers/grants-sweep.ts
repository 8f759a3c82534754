import type { grantsSweep } from "../../server/grants/jobs";
import { sweepGrants } from "../../server/grants/sweep";
import type { Handler } from "../handler";

/** Idempotent: what was taken out is found no more. */
const handle: Handler<typeof grantsSweep> = (_, { log }) => sweepGrants(log);
export default handle;
