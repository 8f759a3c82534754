"use client";

import { Switch as Radix } from "radix-ui";
import { cn } from "./cn";
import { type ControlProps, useFieldControl } from "./field-context";

/** On or off, at once or with its form. In a `<Field layout="inline">`, or alone with an `aria-label`. */
export function Switch({ className, ...own }: ControlProps<boolean> & { className?: string }) {
  const control = useFieldControl<boolean, HTMLButtonElement>(own);
  return (
    <Radix.Root
      ref={control.ref}
      {...control.attributes}
      checked={control.value ?? false}
      onCheckedChange={control.setValue}
      onBlur={control.onBlur}
      className={cn(
        "inline-flex h-5 w-8 shrink-0 items-center rounded-full bg-line-control p-0.5 transition-colors duration-150 disabled:opacity-50 data-[state=checked]:bg-brand",
        className,
      )}
    >
      <Radix.Thumb className="block size-4 rounded-full bg-surface transition-transform duration-150 data-[state=checked]:translate-x-3 dark:data-[state=checked]:bg-brand-ink" />
    </Radix.Root>
  );
}
