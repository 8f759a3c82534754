import type { telemetryRetain } from "../../server/gateways/jobs";
import { retain } from "../../server/gateways/retain";
import type { Handler } from "../handler";

/** Idempotent: what is gone is gone. */
const handle: Handler<typeof telemetryRetain> = (_, { log }) => retain(log);
export default handle;
