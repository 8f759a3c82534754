import type { mailSweep } from "../../server/mail/jobs";
import { sweepMails } from "../../server/mail/send";
import type { Handler } from "../handler";

/** Idempotent: a mail that waits already is not queued twice. */
const handle: Handler<typeof mailSweep> = () => sweepMails();
export default handle;
