"use client";

import { X } from "lucide-react";
import { useTheme } from "next-themes";
import type { ReactElement } from "react";
import { Toaster as Sonner, toast as sonner } from "sonner";
import { readServerError } from "./server-error";

/** Says that something happened which the screen does not show by itself. */
export const toast = {
  ok: (message: string, description?: string) => sonner.success(message, { description }),
  info: (message: string, description?: string) => sonner.info(message, { description }),
  bad: (message: string, description?: string) => sonner.error(message, { description }),
  /** For a mutation's `onError`. */
  error: (error: unknown) => sonner.error(readServerError(error).message),
  /** Something under way: stays until it says that it may leave, or is dismissed. */
  live: (id: string, draw: (leave: () => void) => ReactElement) => {
    const leave = () => setTimeout(() => sonner.dismiss(id), 4_000);
    sonner.custom(() => <LiveToast onDismiss={() => sonner.dismiss(id)}>{draw(leave)}</LiveToast>, {
      id,
      duration: Number.POSITIVE_INFINITY,
    });
  },
};

function LiveToast({ onDismiss, children }: { onDismiss: () => void; children: ReactElement }) {
  return (
    <div className="flex w-(--width) max-w-full items-start gap-2 rounded-lg border border-line-strong bg-raised p-3 font-sans text-sm text-ink">
      <div className="min-w-0 flex-1">{children}</div>
      <button
        type="button"
        aria-label="Dismiss"
        onClick={onDismiss}
        className="-mt-1 -mr-1 flex size-6 shrink-0 items-center justify-center rounded-sm text-faint hover:bg-hover hover:text-ink"
      >
        <X aria-hidden className="size-3.5" />
      </button>
    </div>
  );
}

export function Toaster() {
  const { resolvedTheme } = useTheme();
  return (
    <Sonner
      theme={resolvedTheme === "dark" ? "dark" : "light"}
      position="bottom-right"
      gap={8}
      toastOptions={{
        classNames: {
          toast:
            "!rounded-lg !border !border-line-strong !bg-raised !font-sans !text-sm !text-ink !shadow-lg !shadow-black/5",
          description: "!text-muted",
          success: "[&_[data-icon]]:!text-ok-text",
          error: "[&_[data-icon]]:!text-bad-text",
          info: "[&_[data-icon]]:!text-info-text",
        },
      }}
    />
  );
}
