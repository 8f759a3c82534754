"use client";

import type { ComponentProps } from "react";
import { cn } from "./cn";
import { controlStyle } from "./control-style";
import { useFieldControl } from "./field-context";

interface TextareaProps extends Omit<ComponentProps<"textarea">, "value"> {
  value?: string;
  onValueChange?: (value: string) => void;
  mono?: boolean;
}

/** Grows with what is written in it. */
export function Textarea({ value, onValueChange, onChange, mono, className, rows = 3, ...rest }: TextareaProps) {
  const control = useFieldControl<string, HTMLTextAreaElement>({ ...rest, value, onValueChange });
  const isControlled = value !== undefined || control.isBound;
  return (
    <textarea
      ref={control.ref}
      {...rest}
      {...control.attributes}
      rows={rows}
      {...(isControlled ? { value: control.value ?? "" } : {})}
      onChange={(event) => {
        onChange?.(event);
        control.setValue(event.target.value);
      }}
      onBlur={(event) => {
        control.onBlur?.();
        rest.onBlur?.(event);
      }}
      className={cn(controlStyle, "field-sizing-content min-h-16 py-1.5", mono && "font-mono", className)}
    />
  );
}
