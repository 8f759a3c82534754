"use client";

import { useTheme } from "next-themes";
import { Toaster as Sonner, toast as sonner } from "sonner";
import { readServerError } from "./server-error";

/** Says that something happened which the screen does not show by itself. */
export const toast = {
  ok: (message: string, description?: string) => sonner.success(message, { description }),
  info: (message: string, description?: string) => sonner.info(message, { description }),
  bad: (message: string, description?: string) => sonner.error(message, { description }),
  /** For a mutation's `onError`. */
  error: (error: unknown) => sonner.error(readServerError(error).message),
};

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
