"use client";

import { Check, Copy } from "lucide-react";
import { Button } from "./button";
import { useCopy } from "./use-copy";

/** Copies a command, a file, a link. */
export function CopyButton({ text }: { text: string }) {
  const [isCopied, copy] = useCopy();
  return (
    <Button
      size="sm"
      variant="ghost"
      icon={isCopied ? <Check aria-hidden className="text-ok-text" /> : <Copy aria-hidden />}
      onClick={() => void copy(text)}
    >
      <span aria-live="polite">{isCopied ? "Copied" : "Copy"}</span>
    </Button>
  );
}
