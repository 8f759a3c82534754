import type { Hold } from "../protocol/document";
import { clean } from "./clean";

/** For the person who is blocked: until when, and why. The day is said where it is not within the next one. */
export function describeHold(hold: Hold, now: Date, subject = "you are"): string {
  const until = new Date(hold.until);
  const isSoon = until.getTime() - now.getTime() < 24 * 3600_000;
  const day = until.toLocaleString("en-GB", { timeZone: "UTC", day: "numeric", month: "short" });
  const when = `${isSoon ? "" : `${day} `}${hold.until.slice(11, 16)} UTC`;
  // openvpn takes no line over 255 characters.
  return `${subject} blocked until ${when}: ${clean(hold.reason, 120)}`;
}
