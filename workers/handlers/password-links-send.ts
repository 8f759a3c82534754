import type { passwordLinksSend } from "../../server/password-links/jobs";
import { sendLinks } from "../../server/password-links/password-links";
import type { Handler } from "../handler";

/** A job that comes twice sends a second mail, whose link does the same as the first one's. */
const handle: Handler<typeof passwordLinksSend> = (data) => sendLinks(data);
export default handle;
