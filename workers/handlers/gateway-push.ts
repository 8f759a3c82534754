import { pushGateway } from "../../server/gateways/push";
import type { gatewayPush } from "../../server/revisions/jobs";
import type { Handler } from "../handler";

/** Idempotent: what is behind is read anew each time. */
const handle: Handler<typeof gatewayPush> = ({ gatewayId }, { signal }) => pushGateway(gatewayId, signal);
export default handle;
