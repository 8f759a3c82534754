import type { mailSend } from "../../server/mail/jobs";
import { sendQueuedMail } from "../../server/mail/send";
import type { Handler } from "../handler";

/** Idempotent: a mail that is marked as sent is left alone. */
const handle: Handler<typeof mailSend> = (data) => sendQueuedMail(data);
export default handle;
