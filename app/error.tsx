"use client";

import { useEffect } from "react";
import { ErrorState } from "./_ui/error-state";

export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  useEffect(() => console.error(error), [error]);
  return (
    <main className="flex min-h-[60dvh] flex-col items-center justify-center px-4">
      <ErrorState title="This page failed" onRetry={reset} />
      <p className="max-w-sm text-center text-xs text-faint">
        If it happens again, tell support{error.digest && <> the number {error.digest}</>}.
      </p>
    </main>
  );
}
