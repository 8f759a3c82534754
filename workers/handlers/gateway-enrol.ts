import { enrolGateway } from "../../server/gateways/enrol";
import type { gatewayEnrol } from "../../server/gateways/jobs";
import type { Handler } from "../handler";

/** Idempotent: a token that is spent enrols nobody, and a gateway that has its certificate is known by it. */
const handle: Handler<typeof gatewayEnrol> = async ({ gatewayId }, { log }) => {
  if (await enrolGateway(gatewayId)) log.info({ gatewayId }, "enrolled a gateway");
};
export default handle;
