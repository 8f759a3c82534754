/**
 * The token of a link that sets somebody's password, once: it is signed over the password's hash as it stands, so setting
 * a password by whichever way makes every link from before void, and nothing need be kept of one. So does another email.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { env } from "./env";

export type LinkHolder = { kind: "user"; userId: string } | { kind: "account"; tenantId: string; accountId: string };

/** What a link holds to, of whoever it is for. */
interface Standing {
  email: string;
  passwordHash: string;
}

const hourMs = 3600_000;
/** For a new person, and for one who asked. */
export const linkLifetimeMs = { first: 7 * 24 * hourMs, reset: hourMs };

export function createLinkToken(holder: LinkHolder, standing: Standing, lifetimeMs: number, now = Date.now()): string {
  const ids = holder.kind === "user" ? [holder.userId] : [holder.tenantId, holder.accountId];
  const claims = [...ids, Math.ceil((now + lifetimeMs) / 1000).toString(36)].join(".");
  return `${claims}.${sign(claims, standing)}`;
}

export interface LinkClaims {
  holder: LinkHolder;
  expiresAt: Date;
  /** Whether it was made for them as they stand; until this is asked, nothing of the token is to be believed. */
  isFor(standing: Standing): boolean;
}

/** @returns null for what has not the form of a token */
export function readLinkToken(token: string): LinkClaims | null {
  const form =
    /^(?:(?<tenantId>[0-9a-f-]{36})\.)?(?<id>[0-9a-f-]{36})\.(?<until>[0-9a-z]{1,9})\.(?<signature>[\w-]{43})$/;
  const { tenantId, id, until, signature } = form.exec(token)?.groups ?? {};
  if (!id || !until || !signature) return null;
  const claims = token.slice(0, -signature.length - 1);
  return {
    holder: tenantId ? { kind: "account", tenantId, accountId: id } : { kind: "user", userId: id },
    expiresAt: new Date(Number.parseInt(until, 36) * 1000),
    isFor: (standing) => timingSafeEqual(Buffer.from(signature), Buffer.from(sign(claims, standing))),
  };
}

const sign = (claims: string, { email, passwordHash }: Standing) =>
  createHmac("sha256", env.AUTH_SECRET)
    .update(["password link", claims, email.toLowerCase(), passwordHash].join("\0"))
    .digest("base64url");
