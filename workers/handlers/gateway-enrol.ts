import { GatewayError } from "../../server/gateways/client";
import { enrolGateway } from "../../server/gateways/enrol";
import type { gatewayEnrol } from "../../server/gateways/jobs";
import type { Handler } from "../handler";

/** Idempotent: a token that is spent enrols nobody, and a gateway that has its certificate is known by it. */
const handle: Handler<typeof gatewayEnrol> = async ({ gatewayId }, { log }) => {
  try {
    if (await enrolGateway(gatewayId)) log.info({ gatewayId }, "enrolled a gateway");
  } catch (error) {
    // Somebody without the token answers in its place: that should not go unseen.
    if (error instanceof GatewayError) log.warn({ gatewayId }, error.message);
    throw error;
  }
};
export default handle;
