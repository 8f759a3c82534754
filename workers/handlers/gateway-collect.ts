import { collectFrom } from "../../server/gateways/collect";
import type { gatewayCollect } from "../../server/gateways/jobs";
import type { Handler } from "../handler";

/** Idempotent: rows and cursor are one transaction. */
const handle: Handler<typeof gatewayCollect> = ({ gatewayId }, { signal, log }) => collectFrom(gatewayId, signal, log);
export default handle;
