"use client";

import { useEffect } from "react";
import { ErrorState } from "./_ui/error-state";
import "./globals.css";

/** The frame itself failed, so this brings its own: no theme, no providers. */
export default function GlobalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  useEffect(() => console.error(error), [error]);
  return (
    <html lang="en">
      <body className="flex min-h-dvh flex-col items-center justify-center px-4">
        <ErrorState title="Drawbridge failed to start on this page" onRetry={reset} />
        {error.digest && <p className="text-xs text-faint">Number {error.digest}</p>}
      </body>
    </html>
  );
}
