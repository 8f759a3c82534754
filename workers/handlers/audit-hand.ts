import { handOutHeads } from "../../server/audit/hand-out";
import type { auditHand } from "../../server/audit/jobs";
import type { Handler } from "../handler";

/** Idempotent: a head is marked as handed out with its mails. */
const handle: Handler<typeof auditHand> = async (_, { log }) => {
  const handed = await handOutHeads();
  if (handed > 0) log.info({ handed }, "handed out heads of the audit");
};
export default handle;
