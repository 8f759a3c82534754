/**
 * A cookie by which a browser shows that it has signed in before as this user or that account, and so does not stand in
 * one queue with whoever guesses. It opens nothing. It names the holder and not the email: two tenants may have an account
 * of one email, and who knows the password of one has shown nothing about the other.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { env } from "../core/env";

export const browserCookie = "drawbridge.browser";

export const browserCookieOptions = () => ({
  httpOnly: true,
  sameSite: "lax" as const,
  secure: env.APP_URL.startsWith("https:"),
  path: "/api",
  maxAge: 365 * 24 * 3600,
});

/** @returns the browser's mark for this holder; null where it has not signed in as them */
export function findMark(cookie: string | undefined, holderId: string): string | null {
  return parse(cookie).find((known) => known.holderId === holderId)?.mark ?? null;
}

/** @returns the cookie's new value */
export function remember(cookie: string | undefined, holderIds: string[]): string {
  const before = parse(cookie);
  const now = holderIds.map((holderId) => ({
    holderId,
    mark: before.find((known) => known.holderId === holderId)?.mark ?? randomBytes(9).toString("base64url"),
  }));
  const others = before.filter(({ holderId }) => !holderIds.includes(holderId));
  return [...now, ...others].slice(0, maxHolders).map(format).join("/");
}

const maxHolders = 10;

interface Known {
  holderId: string;
  mark: string;
}

const format = ({ holderId, mark }: Known) => `${holderId}.${mark}.${sign(holderId, mark)}`;

function parse(cookie = ""): Known[] {
  return cookie
    .split("/")
    .slice(0, maxHolders)
    .flatMap((entry) => {
      const [holderId = "", mark = "", signature = ""] = entry.split(".");
      const [given, right] = [Buffer.from(signature), Buffer.from(sign(holderId, mark))];
      return given.length === right.length && timingSafeEqual(given, right) ? [{ holderId, mark }] : [];
    });
}

const sign = (holderId: string, mark: string) =>
  createHmac("sha256", env.AUTH_SECRET).update(`known browser ${holderId} ${mark}`).digest("base64url").slice(0, 22);
