"use client";

import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { buttonStyle } from "./button-style";
import { cn } from "./cn";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  /** The row of buttons. A form may hold its own instead. */
  footer?: ReactNode;
  /** "alertdialog" for what must be answered. */
  role?: "dialog" | "alertdialog";
  className?: string;
  children?: ReactNode;
}

/** A question or a short task in the middle of the screen. For forms beside a table, use a sheet. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  footer,
  role = "dialog",
  className,
  children,
}: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={overlayStyle} />
        <Radix.Content
          role={role}
          onOpenAutoFocus={focusFirstField}
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cn(
            "fixed top-[12vh] left-1/2 z-50 flex max-h-[80dvh] w-[calc(100vw-2rem)] max-w-md -translate-x-1/2 flex-col rounded-xl border border-line-strong bg-raised outline-none data-[state=closed]:animate-fade-out data-[state=open]:animate-fade-in",
            className,
          )}
        >
          <div className="flex items-start gap-4 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg font-semibold text-ink">{title}</Radix.Title>
              {description && <Radix.Description className="mt-1 text-sm text-muted">{description}</Radix.Description>}
            </div>
            <CloseButton />
          </div>
          {children && <div className="min-h-0 flex-1 overflow-y-auto px-5 pt-1 pb-5">{children}</div>}
          {footer && <div className="flex flex-row-reverse flex-wrap gap-2 border-t px-5 py-3">{footer}</div>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A form is ready to be typed into; but on a touch screen the keyboard would cover what one has not read yet. */
export function focusFirstField(event: Event): void {
  const field = (event.currentTarget as HTMLElement | null)?.querySelector<HTMLElement>(
    "input:not([type=hidden]):not(:disabled),textarea:not(:disabled),[role=combobox]:not(:disabled)",
  );
  if (!field || window.matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  field.focus();
}

export const overlayStyle =
  "fixed inset-0 z-40 bg-overlay data-[state=closed]:animate-fade-out data-[state=open]:animate-fade-in";

export function CloseButton() {
  return (
    <Radix.Close aria-label="Close" className={buttonStyle("ghost", "icon-sm", "-mr-1.5")}>
      <X aria-hidden />
    </Radix.Close>
  );
}
