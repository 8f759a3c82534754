import { clock } from "../clock";
import { isHeld } from "../protocol/decide";
import type { AccountValue, DeviceValue, TenantDocument } from "../protocol/document";
import type { RefusalCode } from "../protocol/events";
import { clean } from "./clean";
import { describeHold } from "./hold";

export interface AccountMatch {
  document: TenantDocument;
  accountId: string;
  account: AccountValue;
}

export interface DeviceMatch {
  document: TenantDocument;
  deviceId: string;
  device: DeviceValue;
}

/** Whom a certificate names. */
export type HolderMatch = AccountMatch | DeviceMatch;

export function isDevice(match: HolderMatch): match is DeviceMatch {
  return "device" in match;
}

export type PasswordVerdict = "unchecked" | "right" | "wrong";

export type ConnectionDecision =
  /** `domain`: the tenant's own, for the names of its devices; null for whom it is of no use. */
  | { outcome: "accept"; address: string; domain: string | null }
  /** All else is well: check this, and decide again with the verdict. */
  | { outcome: "check"; passwordHash: string; password: string }
  | { outcome: "refuse"; code: RefusalCode; reason: string };

/**
 * May this connection be? The certificate's fingerprint names the account or the device; what the client calls itself is
 * not asked. A device has nobody to type a password: its certificate is enough.
 * The reason of a refusal is shown to the person who tries, so it says what to do.
 */
export function decideConnection(
  match: HolderMatch | undefined,
  password: string | null,
  verdict: PasswordVerdict,
  now = clock.now(),
): ConnectionDecision {
  if (!match) return refuse("certificate_unknown", "this certificate is not known here; download a new profile");
  const { document } = match;
  if (document.tenant?.state !== "active")
    return refuse("tenant_suspended", "your organisation's service is suspended; ask its administrator");
  if (isDevice(match)) return decideDevice(match.device, now);
  const { account } = match;
  if (account.state !== "active") {
    const why = account.reason ? `: ${clean(account.reason)}` : "; ask your administrator";
    return refuse("account_revoked", `your access was revoked${why}`);
  }
  if (isHeld(account.hold, now)) return refuse("held", describeHold(account.hold, now));
  if (account.mustChangePassword)
    return refuse("password_must_change", "change your temporary password in the portal first");
  if (account.passwordHash === null)
    return refuse("password_must_change", "set a password for the VPN in the portal first");
  if (password === null) return refuse("password_missing", "this account needs its password; enter it and try again");
  if (verdict === "wrong") return refuse("password_wrong", "the password is wrong");
  if (verdict === "unchecked") return { outcome: "check", passwordHash: account.passwordHash, password };
  return {
    outcome: "accept",
    address: account.address,
    domain: document.tenant.label,
  };
}

function decideDevice(device: DeviceValue, now: Date): ConnectionDecision {
  if (device.attachment !== "openvpn")
    return refuse("certificate_unknown", "this device is reached by its network, not by a tunnel of its own");
  if (isHeld(device.hold, now)) return refuse("held", describeHold(device.hold, now, "this device is"));
  return { outcome: "accept", address: device.address, domain: null };
}

function refuse(code: RefusalCode, reason: string): ConnectionDecision {
  return { outcome: "refuse", code, reason };
}
