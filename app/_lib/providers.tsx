"use client";

import { NuqsAdapter } from "nuqs/adapters/next/app";
import type { ReactNode } from "react";
import { CommandPalette } from "../_ui/command-palette";
import { ShortcutsHelp } from "../_ui/shortcuts";
import { Toaster } from "../_ui/toast";
import { TooltipProvider } from "../_ui/tooltip";
import { ThemeProvider } from "./theme";
import { ApiProvider } from "./trpc";
import "./zod-messages";

interface ProvidersProps {
  /** Of this answer's content security policy. */
  nonce: string | undefined;
  children: ReactNode;
}

/** What every page stands in. */
export function Providers({ nonce, children }: ProvidersProps) {
  return (
    <ThemeProvider nonce={nonce}>
      <NuqsAdapter>
        <ApiProvider>
          <TooltipProvider>
            {children}
            <CommandPalette />
            <ShortcutsHelp />
            <Toaster />
          </TooltipProvider>
        </ApiProvider>
      </NuqsAdapter>
    </ThemeProvider>
  );
}
