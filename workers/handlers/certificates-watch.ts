import type { certificatesWatch } from "../../server/certificates/jobs";
import { remindOfEnds } from "../../server/certificates/reminders";
import { retireRenewed } from "../../server/certificates/renewal";
import type { Handler } from "../handler";

/** Idempotent: a mail is marked with its certificate, and one that is retired is left alone. */
const handle: Handler<typeof certificatesWatch> = async (_, { log }) => {
  const retired = await retireRenewed();
  const reminded = await remindOfEnds();
  if (retired + reminded > 0) log.info({ retired, reminded }, "looked after certificates that end");
};
export default handle;
