/**
 * May a session that is in stay in? Asked of those whom a change touches, and of all of them every few seconds, so that
 * what the clock changes is seen too.
 */
import { createHash } from "node:crypto";
import { describeHold } from "../auth/hold";
import { clock } from "../clock";
import { isHeld } from "../protocol/decide";
import type { DeviceValue } from "../protocol/document";
import type { DisconnectCode, SessionStart } from "../protocol/events";
import type { Documents } from "./documents";

export interface Objection {
  code: DisconnectCode;
  /** For the person. */
  reason: string;
}

/** Of the password that a session began with. */
export interface PasswordMark {
  /** Null where there was none; undefined where an agent let the session in that kept no mark. */
  passwordMark?: string | null;
}

type Standing = Pick<SessionStart, "tenantId" | "accountId" | "deviceId" | "fingerprint" | "vpnAddress"> & PasswordMark;

/** Tells one password of an account from the next, and is worth nothing to whoever reads it. */
export function markPassword(passwordHash: string | null): string | null {
  return passwordHash && createHash("sha256").update(passwordHash).digest("base64url").slice(0, 22);
}

/** Why a session that is in may no longer be, by the document as it now stands. */
export function findObjection(documents: Documents, session: Standing, now = clock.now()): Objection | null {
  const document = documents.get(session.tenantId);
  if (!document?.tenant) return { code: "revoked", reason: "Your organisation is no longer served here." };
  if (document.tenant.state !== "active")
    return { code: "revoked", reason: "Your organisation's access is suspended. Ask its administrator." };
  if (session.deviceId) return findDeviceObjection(document.devices.get(session.deviceId), session, now);
  const account = document.accounts.get(session.accountId!);
  if (!account) return { code: "revoked", reason: "This account has been removed." };
  if (account.state !== "active")
    return { code: "revoked", reason: account.reason ?? "This account has been revoked." };
  if (isHeld(account.hold, now)) return { code: "kicked", reason: describeHold(account.hold, now) };
  if (!account.fingerprints.includes(session.fingerprint))
    return { code: "revoked", reason: "This profile's certificate is no longer accepted. Download a new profile." };
  if (account.address !== session.vpnAddress)
    return { code: "kicked", reason: "Your address has changed. Connect again." };
  if (account.mustChangePassword)
    return { code: "revoked", reason: "Change your temporary password in the portal first, then connect again." };
  if (session.passwordMark !== undefined && session.passwordMark !== markPassword(account.passwordHash))
    return { code: "revoked", reason: "Your password has changed. Connect again with the new one." };
  return null;
}

function findDeviceObjection(device: DeviceValue | undefined, session: Standing, now: Date): Objection | null {
  if (device?.attachment !== "openvpn") return { code: "revoked", reason: "This device has been removed." };
  if (isHeld(device.hold, now)) return { code: "kicked", reason: describeHold(device.hold, now, "this device is") };
  if (!device.fingerprints.includes(session.fingerprint))
    return { code: "revoked", reason: "This certificate of the device is no longer accepted. Issue a new one." };
  if (device.address !== session.vpnAddress)
    return { code: "kicked", reason: "The device's address has changed. Connect again." };
  return null;
}
