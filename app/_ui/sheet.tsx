"use client";

import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";
import { CloseButton, focusFirstField, overlayStyle } from "./dialog";

interface SheetProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  /** Stays at the foot while the rest scrolls. */
  footer?: ReactNode;
  size?: "md" | "lg" | "xl";
  /** false leaves the page behind it in use, as for a detail that is looked at while going down a table. */
  modal?: boolean;
  children: ReactNode;
}

/** A panel on the right: the form beside the table. On a phone it is the whole screen. */
export function Sheet({
  open,
  onOpenChange,
  title,
  description,
  footer,
  size = "md",
  modal = true,
  children,
}: SheetProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange} modal={modal}>
      <Radix.Portal>
        {modal && <Radix.Overlay className={overlayStyle} />}
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={modal ? focusFirstField : (event) => event.preventDefault()}
          onInteractOutside={modal ? undefined : (event) => event.preventDefault()}
          className={cn(
            "fixed inset-y-0 right-0 z-40 flex w-full flex-col border-line-strong sm:border-l bg-surface outline-none data-[state=closed]:animate-slide-out data-[state=open]:animate-slide-in",
            widths[size],
          )}
        >
          <header className="flex items-start gap-4 border-b px-5 py-3.5">
            <div className="min-w-0 flex-1">
              <Radix.Title className="truncate text-lg font-semibold text-ink">{title}</Radix.Title>
              {description && <Radix.Description className="text-sm text-muted">{description}</Radix.Description>}
            </div>
            <CloseButton />
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-4">{children}</div>
          {footer && <footer className="flex flex-row-reverse flex-wrap gap-2 border-t px-5 py-3">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const widths = { md: "sm:max-w-md", lg: "sm:max-w-xl", xl: "sm:max-w-3xl" };
