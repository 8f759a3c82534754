import type { Logger } from "../log";
import type { EnrolmentToken } from "../protocol/enrolment";
import type { Identity } from "../state/identity";
import { rethrow } from "./errors";
import { enrolGrantSchema, enrolRequestSchema, parse } from "./schemas";
import type { Route } from "./server";

/** The only routes of a gateway that is not enrolled; `tlsCertificate` is what this port shows. */
export function createEnrolmentRoutes(
  identity: Identity,
  token: EnrolmentToken,
  tlsCertificate: string,
  log: Logger,
  onEnrolled: () => void,
): Route[] {
  return [
    {
      method: "POST",
      path: "/v1/enrol/request",
      handle: async ({ body }) => {
        const { nonce } = parse(enrolRequestSchema, body);
        return { status: 200, body: translated(() => identity.answer(token, nonce, tlsCertificate)) };
      },
    },
    {
      method: "POST",
      path: "/v1/enrol/certificate",
      handle: async ({ body }) => {
        const grant = parse(enrolGrantSchema, body);
        await identity.accept(token, grant).catch(rethrow);
        log.info({ gatewayId: token.gatewayId }, "enrolled");
        setImmediate(onEnrolled);
        return { status: 204 };
      },
    },
  ];
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    return rethrow(error);
  }
}
