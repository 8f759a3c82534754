import type { gatewayLocate } from "../../server/gateways/jobs";
import { tellLocations } from "../../server/gateways/links";
import type { Handler } from "../handler";

/** Idempotent: where devices are is read anew each time, and a gateway passes over what is older than what it has. */
const handle: Handler<typeof gatewayLocate> = () => tellLocations();
export default handle;
