"use client";

import { TriangleAlert } from "lucide-react";
import { Button } from "./button";
import { EmptyState } from "./empty-state";
import { readServerError } from "./server-error";

interface ErrorStateProps {
  error?: unknown;
  title?: string;
  onRetry?: () => unknown;
  isRetrying?: boolean;
  frame?: "none" | "box";
}

/** What could not be loaded, why, and a way to try again. */
export function ErrorState({ error, title = "This could not be loaded", onRetry, isRetrying, frame }: ErrorStateProps) {
  return (
    <div role="alert">
      <EmptyState
        frame={frame}
        icon={<TriangleAlert aria-hidden className="text-bad-text" />}
        title={title}
        action={
          onRetry && (
            <Button onClick={() => void onRetry()} loading={isRetrying}>
              Try again
            </Button>
          )
        }
      >
        {error !== undefined && readServerError(error).message}
      </EmptyState>
    </div>
  );
}
