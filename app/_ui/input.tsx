"use client";

import type { ChangeEvent, ComponentProps, ReactNode } from "react";
import { cn } from "./cn";
import { controlHeight, controlStyle } from "./control-style";
import { useFieldControl } from "./field-context";

type InputValue = string | number | null | undefined;

export interface InputProps extends Omit<ComponentProps<"input">, "value" | "prefix"> {
  value?: InputValue;
  /** For `type="number"` the value is a number, or undefined when empty. */
  // biome-ignore lint/suspicious/noExplicitAny: a number input gives numbers, any other strings
  onValueChange?: (value: any) => void;
  /** Addresses, ports, ids. */
  mono?: boolean;
  prefix?: ReactNode;
  suffix?: ReactNode;
}

export function Input({ value, onValueChange, onChange, mono, prefix, suffix, className, ...rest }: InputProps) {
  const control = useFieldControl<InputValue, HTMLInputElement>({ ...rest, value, onValueChange });
  const isControlled = value !== undefined || control.isBound;
  const change = (event: ChangeEvent<HTMLInputElement>) => {
    onChange?.(event);
    const text = event.target.value;
    control.setValue(rest.type === "number" ? (text === "" ? undefined : Number(text)) : text);
  };
  const input = (
    <input
      ref={control.ref}
      {...rest}
      {...control.attributes}
      {...(isControlled ? { value: control.value ?? "" } : {})}
      onChange={change}
      onBlur={(event) => {
        control.onBlur?.();
        rest.onBlur?.(event);
      }}
      className={cn(
        controlStyle,
        controlHeight,
        mono && "font-mono",
        Boolean(prefix) && "pl-8",
        Boolean(suffix) && "pr-9",
        className,
      )}
    />
  );
  if (!prefix && !suffix) return input;
  return (
    <span className="relative block w-full">
      {prefix && (
        <span className="pointer-events-none absolute inset-y-0 left-2.5 flex items-center text-faint [&_svg]:size-4">
          {prefix}
        </span>
      )}
      {input}
      {suffix && <span className="absolute inset-y-0 right-2.5 flex items-center text-xs text-faint">{suffix}</span>}
    </span>
  );
}
