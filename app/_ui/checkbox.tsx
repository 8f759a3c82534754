"use client";

import { Check, Minus } from "lucide-react";
import { Checkbox as Radix } from "radix-ui";
import { cn } from "./cn";
import { type ControlProps, useFieldControl } from "./field-context";

interface CheckboxProps extends ControlProps<boolean> {
  indeterminate?: boolean;
  className?: string;
}

/** In a `<Field layout="inline">`, or alone with an `aria-label`. */
export function Checkbox({ indeterminate = false, className, ...own }: CheckboxProps) {
  const control = useFieldControl<boolean, HTMLButtonElement>(own);
  return (
    <Radix.Root
      ref={control.ref}
      {...control.attributes}
      checked={indeterminate ? "indeterminate" : (control.value ?? false)}
      onCheckedChange={(checked) => control.setValue(checked === true)}
      onBlur={control.onBlur}
      className={cn(
        "mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-control bg-surface text-brand-ink transition-colors disabled:opacity-50 aria-invalid:border-bad data-[state=checked]:border-brand data-[state=checked]:bg-brand data-[state=indeterminate]:border-brand data-[state=indeterminate]:bg-brand",
        className,
      )}
    >
      <Radix.Indicator>
        {indeterminate ? (
          <Minus aria-hidden className="size-3" strokeWidth={3} />
        ) : (
          <Check aria-hidden className="size-3" strokeWidth={3} />
        )}
      </Radix.Indicator>
    </Radix.Root>
  );
}
