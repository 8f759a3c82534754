import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { Providers } from "./_lib/providers";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Drawbridge", template: "%s · Drawbridge" },
  description: "Who may reach which device, and proof that it is so.",
  icons: { icon: "/icon.svg" },
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f5f7f7" },
    { media: "(prefers-color-scheme: dark)", color: "#0b0f11" },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Read here, it also has every page made when it is asked for: one that was made beforehand would have no nonce.
  const nonce = (await headers()).get("x-nonce") ?? undefined;
  return (
    // The theme's class is set by a script before React takes over.
    <html lang="en" suppressHydrationWarning className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <body>
        <Providers nonce={nonce}>{children}</Providers>
      </body>
    </html>
  );
}
