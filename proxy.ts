/**
 * Gives each page a content security policy of its own: scripts come from us, or carry the nonce that this one answer was
 * given, which Next puts on its own inline scripts. Nothing may be framed, embedded or sent to another origin.
 */
import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { env } from "./server/core/env";

export function proxy(request: NextRequest): NextResponse {
  const nonce = randomBytes(16).toString("base64");
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  // Next reads the nonce out of the request's policy; the layout, for the script that sets the theme, from its own header.
  headers.set("content-security-policy", policy);
  headers.set("x-nonce", nonce);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

/** Pages. What next.config.ts says of the rest has no script at all. */
export const config = { matcher: "/((?!api/|_next/|icon.svg).*)" };

function contentSecurityPolicy(nonce: string): string {
  // `next dev` evaluates strings and reloads over a socket.
  const isDevelopment = env.NODE_ENV === "development";
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    // Components set styles on elements, for which there is no nonce.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    `connect-src 'self'${isDevelopment ? " ws: wss:" : ""}`,
    "worker-src 'self' blob:",
    "frame-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
